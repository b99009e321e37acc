"""Scores of predicting labels, with p-values from permuted labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.spread import spread
from aeexp.data import Classes, Floats, Integers, Labels, Rows
from aeexp.data.chunks import blocks
from aeexp.data.design import EXCHANGEABLE, Design

SIGNS = 999  # random signs of a paired test
MAJORITY = "majority"
"""Input of a baseline that predicts the same label for every row."""


@dataclass(frozen=True)
class Permutations:
    """How labels are permuted. copies: number of permuted labels. design: of the rows."""

    copies: int
    seed: int = 0
    design: Design = EXCHANGEABLE


@dataclass(frozen=True)
class Score:
    """Score of predicting a label after learning from the training rows; higher is better.

    number: name of the score, such as "knn accuracy". input: name of the predictors. rows: number
    of held-out rows with this label. train, held_out: score on training rows and on held-out rows.
    held_out_se: standard error of `held_out`. permuted_mean, permuted_sd: on held-out rows with
    permuted labels. p: share of permuted labels, the true ones included, with a score at least as
    good. copies: number of permuted labels. difference: score of the factors minus this score, on
    held-out rows. difference_p: its p-value, see `paired_p`. NaN if undefined or not computed.
    """

    label: str
    number: str
    input: str
    rows: int
    train: float
    held_out: float
    held_out_se: float
    permuted_mean: float = np.nan
    permuted_sd: float = np.nan
    p: float = np.nan
    copies: int = 0
    difference: float = np.nan
    difference_p: float = np.nan

    def against(self, permuted: Floats) -> "Score":
        """Return the score with the p-value. permuted: (copies,), scores of permuted labels."""
        null = spread(permuted)
        p = p_value(self.held_out, permuted, more_is_better=True)
        return replace(self, permuted_mean=null.mean, permuted_sd=null.sd, p=p, copies=null.n)


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


def balanced_accuracy(truth: Integers, predicted: Integers) -> Floats:
    """Return the mean over classes of the share of correct rows, NaN without rows: (sets,).

    Classes count the same, however rare they are (Brodersen et al., 2010,
    doi:10.1109/ICPR.2010.764). truth, predicted: (rows, sets).
    """
    shares = [
        _shares(t == p, t).mean() if len(t) else np.nan
        for t, p in zip(truth.T, predicted.T, strict=True)
    ]
    return np.array(shares)


def _shares(right: NDArray[np.bool_], truth: Integers) -> Floats:
    """Return the share of correct rows of each class that is present: (classes,)."""
    _, codes, counts = np.unique(truth, return_inverse=True, return_counts=True)
    return np.bincount(codes, right) / counts


def accuracy_merits(truth: Integers, predicted: Integers) -> Floats:
    """Return the contribution of each row to the accuracy: (rows,). truth, predicted: (rows,)."""
    return (truth == predicted) / max(1, len(truth))


def balanced_merits(truth: Integers, predicted: Integers) -> Floats:
    """Return the contribution of each row to the balanced accuracy; see `accuracy_merits`."""
    _, codes, counts = np.unique(truth, return_inverse=True, return_counts=True)
    return (truth == predicted) / (counts[codes] * max(1, len(counts)))


def balanced_error(truth: Integers, predicted: Integers) -> float:
    """Return the standard error of the balanced accuracy, NaN without rows.

    Classes are independent samples; see `share_error`. truth, predicted: (rows,).
    """
    right = truth == predicted
    errors = [
        share_error(int(right[truth == code].sum()), int((truth == code).sum()))
        for code in np.unique(truth)
    ]
    return float(np.sqrt(np.square(errors).sum()) / len(errors)) if errors else np.nan


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


def paired_p(differences: Floats, seed: int = 0) -> float:
    """Return the p-value of a sum of paired differences, two-sided; NaN without rows.

    If two predictors are equally good, each row's difference may as well have the other sign. The
    p-value is the share of random signs with a sum at least as large (Fisher, 1935, The Design of
    Experiments; Smucker et al., 2007, doi:10.1145/1321440.1321528). differences: (rows,).
    """
    if not np.isfinite(differences).all() or not len(differences):
        return np.nan
    differences, generator = differences[differences != 0], np.random.default_rng(seed)
    observed = abs(differences.sum())
    larger = 0
    for block in blocks(SIGNS, len(differences)):
        signs = generator.integers(2, size=(block.stop - block.start, len(differences)))
        sums = 2 * signs @ differences - differences.sum()
        larger += int((np.abs(sums) >= observed * (1 - 1e-9)).sum())
    return (1 + larger) / (1 + SIGNS)


def r2(truth: Floats, predicted: Floats) -> Floats:
    """Return R^2, NaN if nothing varies: (sets,).

    At most 1; negative if the mean predicts better. truth, predicted: (rows, sets).
    """
    if not len(truth):
        return np.full(truth.shape[1], np.nan)
    mse, variance = np.square(truth - predicted).mean(0), truth.var(0)
    return np.where(variance > 0, 1 - mse / np.where(variance > 0, variance, 1), np.nan)


def r2_merits(truth: Floats, predicted: Floats) -> Floats:
    """Return the contribution of each row to R^2; see `accuracy_merits`."""
    variance = truth.var() if len(truth) else 0.0
    if not variance > 0:
        return np.full(len(truth), np.nan)
    return (1 - np.square(truth - predicted) / variance) / len(truth)


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
