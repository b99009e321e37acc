"""How many dimensions hold more structure than the same columns permuted?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from aeexp.data import Floats

HARDLY, CLEARLY = 2, 3
"""Standard errors beyond permuted tables, up to which nothing counts as found, and above which
something does: by chance alone, the best of ten dimensions is often one standard error better."""


@dataclass(frozen=True)
class Errors:
    """The errors of autoencoders of one dimension on rows that they have not seen.

    real: (seeds, rows), the squared error of each row of the table, averaged over features. null:
    (copies, rows), the same of tables whose columns were permuted, each learnt by its own
    autoencoder. Of members that diverged, nothing is a number, and they do not count.
    """

    real: Floats
    null: Floats


class Finding(Enum):
    """What can be said about the number of dimensions.

    decided: a range. none: no dimension explains more than permuted tables by two standard errors.
    unclear: none does by three. rising: the last dimension tried is the best. diverged: too few
    trainings came to a result. unlearnt: PCA finds more than twice what the autoencoders did.
    unseen: no rows are held out, so that nothing tells learning from learning by heart.
    """

    decided = "decided"
    none = "none"
    unclear = "unclear"
    rising = "rising"
    diverged = "diverged"
    unlearnt = "unlearnt"
    unseen = "unseen"


@dataclass(frozen=True)
class Dimensions:
    """What each number of dimensions explains, from 0 (every feature's mean) on.

    r2, null_r2: (tried,), share of the variance that is explained of the table, and of permuted
    tables; r2_se, null_r2_se: their standard errors. best: the dimension with the most beyond
    permuted tables. fewest, most: the range of those within a standard error of it; both 0 where
    there is none.
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
        """Return what is explained beyond permuted tables, and beyond nothing: (tried,)."""
        return _beyond(self.r2, self.null_r2)

    @property
    def beyond_se(self) -> Floats:
        """Return its standard error: (tried,)."""
        return np.hypot(self.r2_se, self.null_r2_se)


def dimensions(tried: Sequence[Errors], features: int) -> Dimensions:
    """Return how many dimensions hold structure, by parallel analysis with autoencoders.

    Horn (1965, doi:10.1007/BF02289447) keeps the principal components that explain more than
    those of tables without structure. Here, autoencoders of the table and of copies with permuted
    columns are compared by R^2 on rows held out. The error itself falls to the last dimension,
    where nothing is squeezed any more; what is explained beyond the copies has a best dimension.
    The range is that within one standard error of it (Breiman et al., 1984, section 3.4.3).

    tried: the errors of dimension 0, which predicts every feature's mean, 1, 2, …. features: of
    the table, the dimension at which there is nothing to squeeze.
    """
    real = [explained(each.real, tried[0].real) for each in tried]
    null = [explained(each.null, tried[0].null) for each in tried]
    (r2, r2_se), (null_r2, null_r2_se) = np.array(real).T, np.array(null).T
    beyond, error = _beyond(r2, null_r2), np.hypot(r2_se, null_r2_se)
    curves = (r2, r2_se, null_r2, null_r2_se)
    if not (np.isfinite(beyond).all() and np.isfinite(error).all()):
        return Dimensions(*curves, Finding.diverged, 0, 0, 0)
    best = int(np.argmax(beyond))
    within = np.flatnonzero(beyond >= beyond[best] - error[best])
    finding = _finding(beyond[best], error[best], rising=best == len(tried) - 1 < features - 1)
    near = (within[0], within[-1]) if finding in {Finding.decided, Finding.rising} else (0, 0)
    return Dimensions(*curves, finding, best, *map(int, near))


def _beyond(r2: Floats, null_r2: Floats) -> Floats:
    return r2 - np.maximum(null_r2, 0)


def _finding(beyond: float, error: float, *, rising: bool) -> Finding:
    if beyond <= HARDLY * error:
        return Finding.none
    if beyond <= CLEARLY * error:
        return Finding.unclear
    return Finding.rising if rising else Finding.decided


def explained(errors: Floats, of_mean: Floats) -> tuple[float, float]:
    """Return R^2 of errors beside those of the mean, and its standard error.

    The latter is of the rows drawn (of a ratio; Cochran, 1977, section 2.11) and of the seeds or
    copies. Not a number with fewer than 2 rows or members, or where rows do not differ.
    errors: (members, rows); of_mean: the same where every feature is predicted by its mean.
    """
    known = np.isfinite(errors).all(1)
    errors, whole = errors[known], of_mean[known]
    if min(errors.shape) < 2 or not whole.any(axis=1).all():
        return np.nan, np.nan
    left = errors.mean(1) / whole.mean(1)
    residual = (errors / whole.mean(1)[:, None] - (left / whole.mean(1))[:, None] * whole).mean(0)
    rows = residual.std(ddof=1) / np.sqrt(residual.size)
    members = left.std(ddof=1) / np.sqrt(len(left))
    return float(1 - left.mean()), float(np.hypot(rows, members))
