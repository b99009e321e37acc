"""How well are labels told of rows held out, and would labels given at random be told as well?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.spread import spread
from aeexp.data import Classes, Floats, Integers, Labels, Rows

MAJORITY = "majority"
"""The input of a score for which nothing is known of a row: 1 answer for all."""


@dataclass(frozen=True)
class Score:
    """How well a label is told, by what was learnt from the training rows; more is better.

    number: what it is, such as "knn accuracy". input: what it is told from. train, held_out: over
    the training rows and those held out, held_out_se: standard error of the latter.
    permuted_mean, permuted_sd: over the rows held out, of labels that were shuffled. p: share of
    the shuffled, with the true ones among them, that are told as well. What is not defined, or
    not computed, is not a number.
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
        """Return the score with what came of shuffled labels over rows held out: (copies,)."""
        known = spread(permuted)
        p = p_value(self.held_out, permuted, more_is_better=True)
        told = {"permuted_mean": known.mean, "permuted_sd": known.sd, "p": p}
        return Score(**(asdict(self) | told))


def columns(scores: Sequence[Score]) -> Mapping[str, list[Any]]:
    """Return scores as the columns of a table."""
    return {each.name: [getattr(score, each.name) for score in scores] for each in fields(Score)}


def labelled(labels: Labels, rows: Rows) -> Rows:
    """Return the rows whose label is known."""
    known = labels.codes >= 0 if isinstance(labels, Classes) else np.isfinite(labels.values)
    return Rows(rows.train[known[rows.train]], rows.val[known[rows.val]])


def accuracy(truth: Integers, told: Integers) -> Floats:
    """Return the share of rows whose class is told, not a number of no rows: (sets,).

    truth, told: (rows, sets).
    """
    right = truth == told
    return right.mean(0) if len(right) else np.full(right.shape[1], np.nan)


def accuracy_error(truth: Integers, told: Integers) -> float:
    """Return the standard error of the share of rows whose class is told; see `share_error`.

    truth, told: (rows,).
    """
    return share_error(int((truth == told).sum()), len(truth))


def share_error(right: int, rows: int) -> float:
    """Return the standard error of a share of rows, which is not 0 where all are right.

    2 successes and 2 failures are added (Agresti and Coull, 1998,
    doi:10.1080/00031305.1998.10480550). Not a number of no rows.
    """
    share = (right + 2) / (rows + 4)
    return float(np.sqrt(share * (1 - share) / (rows + 4))) if rows else np.nan


def r2(truth: Floats, told: Floats) -> Floats:
    """Return the share of the variance that is told, not a number where nothing varies: (sets,).

    At most 1; below 0 where the rows' mean would tell more. truth, told: (rows, sets).
    """
    if not len(truth):
        return np.full(truth.shape[1], np.nan)
    left, whole = np.square(truth - told).mean(0), truth.var(0)
    return np.where(whole > 0, 1 - left / np.where(whole > 0, whole, 1), np.nan)


def r2_error(truth: Floats, told: Floats) -> float:
    """Return the standard error of R^2 over rows drawn at random, not a number of fewer than 2.

    By the delta method for a ratio of two means (Cochran, 1977, equation 2.39).
    truth, told: (rows,).
    """
    whole = truth.var() if len(truth) > 1 else 0.0
    if not whole > 0:
        return np.nan
    left, apart = np.square(truth - told), np.square(truth - truth.mean())
    influence = (left - left.mean() / whole * apart) / whole
    return float(influence.std(ddof=1) / np.sqrt(len(truth)))
