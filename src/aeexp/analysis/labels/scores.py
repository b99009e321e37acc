"""Scores of predicting labels, with p-values from permuted labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.spread import spread
from aeexp.data import Classes, Floats, Integers, Labels, Rows

MAJORITY = "majority"
"""Input of a baseline that predicts the same label for every row."""


@dataclass(frozen=True)
class Score:
    """Score of predicting a label after learning from the training rows; higher is better.

    number: name of the score, such as "knn accuracy". input: name of the predictors. train,
    held_out: score on training rows and on held-out rows. held_out_se: standard error of
    `held_out`. permuted_mean, permuted_sd: on held-out rows with permuted labels. p: share of
    permuted labels, the true ones included, with a score at least as good. NaN if undefined or not
    computed.
    """

    label: str
    number: str
    input: str
    train: float
    held_out: float
    held_out_se: float
    permuted_mean: float = np.nan
    permuted_sd: float = np.nan
    p: float = np.nan

    def against(self, permuted: Floats) -> "Score":
        """Return the score with the p-value. permuted: (copies,), scores of permuted labels."""
        null = spread(permuted)
        p = p_value(self.held_out, permuted, more_is_better=True)
        return replace(self, permuted_mean=null.mean, permuted_sd=null.sd, p=p)


def columns(scores: Sequence[Score]) -> Mapping[str, list[Any]]:
    """Return scores as the columns of a table."""
    names = [field.name for field in fields(Score)]
    return {name: [getattr(score, name) for score in scores] for name in names}


def labelled(labels: Labels, rows: Rows) -> Rows:
    """Return the rows with a label: `train` to learn from, `val` to judge the prediction.

    The rows that judge the autoencoder judge the prediction too, and all others are learnt from.
    """
    known = labels.codes >= 0 if isinstance(labels, Classes) else np.isfinite(labels.values)
    part, judged = rows.evaluated
    learnt = np.concatenate([rows.train, rows.val]) if part == "test" else rows.train
    judged = judged if part != "train" else judged[:0]
    return Rows(learnt[known[learnt]], judged[known[judged]])


def accuracy(truth: Integers, predicted: Integers) -> Floats:
    """Return the share of correctly classified rows, NaN without rows: (sets,).

    truth, predicted: (rows, sets).
    """
    right = truth == predicted
    return right.mean(0) if len(right) else np.full(right.shape[1], np.nan)


def accuracy_error(truth: Integers, predicted: Integers) -> float:
    """Return the standard error of the accuracy; see `share_error`. truth, predicted: (rows,)."""
    return share_error(int((truth == predicted).sum()), len(truth))


def share_error(right: int, rows: int) -> float:
    """Return the standard error of a share of rows, NaN without rows.

    2 successes and 2 failures are added (Agresti and Coull, 1998,
    doi:10.1080/00031305.1998.10480550), so that it is not 0 if all rows are right.
    """
    share = (right + 2) / (rows + 4)
    return float(np.sqrt(share * (1 - share) / (rows + 4))) if rows else np.nan


def r2(truth: Floats, predicted: Floats) -> Floats:
    """Return R^2, NaN if nothing varies: (sets,).

    At most 1; negative if the mean predicts better. truth, predicted: (rows, sets).
    """
    if not len(truth):
        return np.full(truth.shape[1], np.nan)
    mse, variance = np.square(truth - predicted).mean(0), truth.var(0)
    return np.where(variance > 0, 1 - mse / np.where(variance > 0, variance, 1), np.nan)


def r2_error(truth: Floats, predicted: Floats) -> float:
    """Return the standard error of R^2 over random rows, NaN for fewer than 2.

    Delta method for a ratio of two means (Cochran, 1977, equation 2.39).
    truth, predicted: (rows,).
    """
    variance = truth.var() if len(truth) > 1 else 0.0
    if not variance > 0:
        return np.nan
    residual, total = np.square(truth - predicted), np.square(truth - truth.mean())
    influence = (residual - residual.mean() / variance * total) / variance
    return float(influence.std(ddof=1) / np.sqrt(len(truth)))
