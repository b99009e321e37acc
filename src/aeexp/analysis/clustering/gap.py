"""Gap statistic: the number of clusters, which can be one.

The within-cluster dispersion of k-means falls with every additional cluster. The gap statistic
compares its logarithm with reference data without clusters, uniform in the box along the principal
axes of the rows. The gap, reference minus data, is large if the rows are closer to their cluster
means than rows without clusters would be. The recommended number is the smallest one whose gap is
not clearly below the next. Unlike the silhouette, the gap is defined for one cluster.
"""

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
"""Minimum mean adjusted Rand index between seeds for a claim."""
TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Gap:
    """Gap statistic of each number of clusters, from 1.

    gap: (tried,), log dispersion of the references minus log dispersion of the data. error:
    (tried,), its standard error. stability: (tried,), mean adjusted Rand index between the
    clusterings of several latent spaces; NaN for one cluster. count: the recommended number, None
    if the gap rises up to the last one.
    """

    gap: Floats
    error: Floats
    stability: Floats
    count: int | None

    @property
    def decided(self) -> int | None:
        """Return the count, None if it is unknown or the spaces disagree about the clusters."""
        if self.count is None or self.count == 1:
            return self.count
        return self.count if self.stability[self.count - 1] >= STABLE else None


def gap_statistic(spaces: Sequence[Floats], most: int) -> Gap:
    """Return the gap statistic of k-means clusters.

    Tibshirani, Walther and Hastie (2001, doi:10.1111/1467-9868.00293), with 20 references that
    are uniform along the principal axes. spaces: (rows, factors) of the same rows, by
    autoencoders with different seeds; the gap is computed for the first. most: largest number of
    clusters, limited by the number of distinct rows.
    """
    different = min(len(np.unique(z, axis=0)) for z in spaces)
    counts = range(1, max(1, min(most, different - 1)) + 1)
    within = np.array([_within(spaces[0], k) for k in counts])
    rng = np.random.default_rng(0)
    box = _box(spaces[0])
    references = [rng.uniform(*box, spaces[0].shape) for _ in range(REFERENCES)]
    null = np.array([[_within(z, k) for k in counts] for z in references])
    gap, error = null.mean(0) - within, null.std(0) * np.sqrt(1 + 1 / REFERENCES)
    return Gap(gap, error, np.array([_stability(spaces, k) for k in counts]), _count(gap, error))


def _count(gap: Floats, error: Floats) -> int | None:
    """Return the smallest number of clusters to which one more adds nothing clearly.

    One is returned only if no number is better than one: many distant groups often look no better
    in two clusters than in one.
    """
    better = gap - error > gap[0]
    if not better.any():
        return 1
    enough = better[:-1] & (gap[:-1] >= gap[1:] - error[1:])
    return int(np.argmax(enough)) + 1 if enough.any() else None


def _fit(z: Floats, k: int) -> KMeans:
    with threadpool_limits(1):  # on few rows, threads mostly wait for each other
        return KMeans(k, n_init=STARTS, random_state=0).fit(z)


def _within(z: Floats, k: int) -> float:
    """Return the logarithm of the sum of squared distances to cluster means."""
    return float(np.log(max(_fit(z, k).inertia_, TINY)))


def _box(z: Floats) -> tuple[Floats, Floats]:
    """Return the range along the principal axes. k-means is invariant under the rotation."""
    centred = z - z.mean(0)
    along = centred @ np.linalg.svd(centred.astype(np.float64), full_matrices=False)[2].T
    return along.min(0), along.max(0)


def _stability(spaces: Sequence[Floats], k: int) -> float:
    if k == 1 or len(spaces) < 2:
        return np.nan
    clusterings = [_fit(z, k).labels_ for z in spaces]
    scores = [adjusted_rand_score(*pair) for pair in combinations(clusterings, 2)]
    return float(np.mean(scores))
