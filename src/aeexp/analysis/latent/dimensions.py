"""Number of latent dimensions, by parallel analysis with autoencoders.

Parallel analysis (Horn, 1965, doi:10.1007/BF02289447) keeps the principal components that explain
more variance than those of tables without structure. Here, autoencoders of each dimension are
trained on the table and on copies with permuted columns, and compared by R² on held-out rows.
R² itself rises up to the number of features, where the bottleneck vanishes. The excess over the
permuted copies has a maximum. All dimensions within one standard error of the maximum are
recommended (Breiman et al., 1984, section 3.4.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from aeexp.data import Floats, Integers
from aeexp.data.design import sums

HARDLY, CLEARLY = 2, 3
"""Excess over permuted tables in standard errors: up to the first there is no structure, above the
second there is. By chance, the best of ten dimensions often exceeds one standard error."""


@dataclass(frozen=True)
class Errors:
    """Errors of autoencoders of one dimension on held-out rows.

    real: (seeds, rows), squared error of each row of the table, averaged over features. null:
    (copies, rows), the same for permuted copies of the table, each with its own autoencoder.
    Members that diverged have NaNs and are ignored.
    """

    real: Floats
    null: Floats


class Finding(Enum):
    """Result on the number of dimensions.

    decided: there is a range. none: no excess over permuted tables above two standard errors.
    unclear: none above three. rising: the largest dimension tried is the best. diverged: too many
    trainings diverged. unlearnt: PCA finds more than twice the excess of the autoencoders. unseen:
    no held-out rows, so that overfitting would go unnoticed. dependent: rows depend on one
    another, so that the comparison with permuted tables cannot be relied on.
    """

    decided = "decided"
    none = "none"
    unclear = "unclear"
    rising = "rising"
    diverged = "diverged"
    unlearnt = "unlearnt"
    unseen = "unseen"
    dependent = "dependent"


def errors_of_units(errors: Errors, units: Integers) -> Errors:
    """Return errors summed over the rows of each independent unit, which then count as rows.

    R² stays the same, and its standard error is that of a cluster sample. units: (rows,).
    """
    real, null = (np.array([sums(row, units) for row in e]) for e in (errors.real, errors.null))
    return Errors(real, null)


@dataclass(frozen=True)
class Dimensions:
    """R² of each number of dimensions, from 0 (every feature is predicted by its mean).

    r2, null_r2: (tried,), of the table and of permuted tables; r2_se, null_r2_se: their standard
    errors. best: dimension with the largest excess over permuted tables. fewest, most: range of
    dimensions within a standard error of the best, both 0 if there is none.
    """

    r2: Floats
    r2_se: Floats
    null_r2: Floats
    null_r2_se: Floats
    finding: Finding
    best: int
    fewest: int
    most: int

    @property
    def beyond(self) -> Floats:
        """Return the excess of R² over permuted tables and over zero: (tried,)."""
        return _excess(self.r2, self.null_r2)

    @property
    def beyond_se(self) -> Floats:
        """Return the standard error of the excess: (tried,)."""
        return np.hypot(self.r2_se, self.null_r2_se)


def dimensions(tried: Sequence[Errors], features: int) -> Dimensions:
    """Return how many dimensions explain more than in permuted tables.

    tried: errors of dimensions 0, 1, 2, …; dimension 0 predicts the mean of every feature.
    features: number of features of the table, the dimension without a bottleneck.
    """
    real = [explained(errors.real, tried[0].real) for errors in tried]
    null = [explained(errors.null, tried[0].null) for errors in tried]
    (r2, r2_se), (null_r2, null_r2_se) = np.array(real).T, np.array(null).T
    excess, error = _excess(r2, null_r2), np.hypot(r2_se, null_r2_se)
    curves = (r2, r2_se, null_r2, null_r2_se)
    if not (np.isfinite(excess).all() and np.isfinite(error).all()):
        return Dimensions(*curves, Finding.diverged, 0, 0, 0)
    best = int(np.argmax(excess))
    within = np.flatnonzero(excess >= excess[best] - error[best])
    rising = best == len(tried) - 1 < features - 1
    if excess[best] <= HARDLY * error[best]:
        finding = Finding.none
    elif excess[best] <= CLEARLY * error[best]:
        finding = Finding.unclear
    else:
        finding = Finding.rising if rising else Finding.decided
    near = (within[0], within[-1]) if finding in {Finding.decided, Finding.rising} else (0, 0)
    return Dimensions(*curves, finding, best, *map(int, near))


def _excess(r2: Floats, null_r2: Floats) -> Floats:
    return r2 - np.maximum(null_r2, 0)


def explained(errors: Floats, of_mean: Floats) -> tuple[float, float]:
    """Return R^2 and its standard error.

    The standard error covers the sampling of rows (of a ratio; Cochran, 1977, section 2.11) and of
    seeds or copies. NaN for fewer than 2 rows or members, or if rows do not differ.
    errors: (members, rows). of_mean: the same for predicting every feature by its mean.
    """
    finite = np.isfinite(errors).all(1)
    errors, total = errors[finite], of_mean[finite]
    if min(errors.shape) < 2 or not total.any(axis=1).all():
        return np.nan, np.nan
    ratio = errors.mean(1) / total.mean(1)
    residual = (errors - ratio[:, None] * total) / total.mean(1)[:, None]
    by_row = residual.mean(0)
    rows = by_row.std(ddof=1) / np.sqrt(by_row.size)
    members = ratio.std(ddof=1) / np.sqrt(len(ratio))
    return float(1 - ratio.mean()), float(np.hypot(rows, members))
