"""How many clusters are there, one included?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from aeexp.data import Floats

REFERENCES = 20
STARTS = 3
STABLE = 0.75
"""Mean adjusted Rand index between seeds from which on clusters are told as found."""
TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Gap:
    """What each number of clusters is worth, from 1 on.

    gap: (tried,), by how much closer rows are to the mean of their cluster than rows without
    clusters would be, as a difference of logarithms. error: (tried,), its standard error.
    stability: (tried,), the mean adjusted Rand index between the clusterings of several latent
    spaces; not a number for one cluster. count: the fewest clusters, if any are better than one,
    whose gap is within a standard error of the next; None where it rises to the last.
    """

    gap: Floats
    error: Floats
    stability: Floats
    count: int | None

    @property
    def decided(self) -> int | None:
        """Return the count, unless the spaces disagree on which rows belong together."""
        if self.count is None or self.count == 1:
            return self.count
        return self.count if self.stability[self.count - 1] >= STABLE else None


def gap_statistic(spaces: Sequence[Floats], most: int) -> Gap:
    """Return how many k-means clusters there are, by the gap statistic.

    Tibshirani, Walther and Hastie (2001, doi:10.1111/1467-9868.00293), with 20 references that
    are uniform along the principal axes. spaces: (rows, factors) of the same rows, by
    autoencoders that differ in their seeds; the gap is of the first. most: clusters tried, fewer
    where fewer rows differ.
    """
    different = min(len(np.unique(z, axis=0)) for z in spaces)
    counts = range(1, max(1, min(most, different - 1)) + 1)
    within = np.array([_within(spaces[0], k) for k in counts])
    rng = np.random.default_rng(0)
    box = _box(spaces[0])
    drawn = [rng.uniform(*box, spaces[0].shape) for _ in range(REFERENCES)]
    null = np.array([[_within(z, k) for k in counts] for z in drawn])
    gap, error = null.mean(0) - within, null.std(0) * np.sqrt(1 + 1 / REFERENCES)
    return Gap(gap, error, np.array([_stability(spaces, k) for k in counts]), _count(gap, error))


def _count(gap: Floats, error: Floats) -> int | None:
    """Return the fewest clusters that one more is not clearly better than.

    One only if no number is: many clouds that are far apart look no better by two.
    """
    better = gap - error > gap[0]
    if not better.any():
        return 1
    enough = better[:-1] & (gap[:-1] >= gap[1:] - error[1:])
    return int(np.argmax(enough)) + 1 if enough.any() else None


def _fit(z: Floats, k: int) -> KMeans:
    with threadpool_limits(1):  # of so few rows, threads take longer to wake than to count
        return KMeans(k, n_init=STARTS, random_state=0).fit(z)


def _within(z: Floats, k: int) -> float:
    """Return the logarithm of the squared distances of all rows to the mean of their cluster."""
    return float(np.log(max(_fit(z, k).inertia_, TINY)))


def _box(z: Floats) -> tuple[Floats, Floats]:
    """Return the limits of rows along their principal axes; k-means needs no way back."""
    centred = z - z.mean(0)
    along = centred @ np.linalg.svd(centred.astype(np.float64), full_matrices=False)[2].T
    return along.min(0), along.max(0)


def _stability(spaces: Sequence[Floats], k: int) -> float:
    if k == 1 or len(spaces) < 2:
        return np.nan
    found = [_fit(z, k).labels_ for z in spaces]
    return float(np.mean([adjusted_rand_score(*pair) for pair in combinations(found, 2)]))
