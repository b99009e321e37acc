"""Are rows that are far apart among the features far apart in latent space, too?"""

from collections.abc import Mapping

import numpy as np
from scipy.stats import rankdata

from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks

PAIRS = 100_000  # of rows, over all of which the correlation is taken
BATCHES = 20  # of a sample of them, whose spread tells its uncertainty


def spearman(x: Floats, *latents: Floats) -> list[Mapping[str, float]]:
    """Return the rank correlation of distances in a table and in each of its latent spaces.

    From -1 to 1, more is better (Spearman, 1904, doi:10.2307/1412159). Of more than 100,000 pairs
    of rows as many are chosen at random; then `spearman.se` is its standard error, by the spread
    of 20 batches. Not a number for fewer than 3 rows, and where all distances are the same.
    x: (rows, features); latents: (rows, factors) each.
    """
    if len(x) < 3:
        return [{"spearman": np.nan} for _ in latents]
    pairs = _pairs(len(x))
    sampled = len(pairs) < len(x) * (len(x) - 1) // 2
    among_features = _ranks(x, pairs)
    return [_measured(among_features, _ranks(z, pairs), sampled=sampled) for z in latents]


def _measured(features: Floats, factors: Floats, *, sampled: bool) -> Mapping[str, float]:
    whole = {"spearman": float(_correlation(features, factors))}
    if not sampled:
        return whole
    batches = _correlation(*(ranks.reshape(BATCHES, -1) for ranks in (features, factors)))
    return whole | {"spearman.se": float(batches.std(ddof=1) / np.sqrt(BATCHES))}


def _pairs(rows: int) -> Integers:
    """Return the numbers of two rows each: (pairs, 2)."""
    if rows * (rows - 1) // 2 <= PAIRS:
        return np.column_stack(np.triu_indices(rows, 1))
    random = np.random.default_rng(0)
    first, further = random.integers(rows, size=PAIRS), random.integers(1, rows, size=PAIRS)
    return np.column_stack([first, (first + further) % rows])


def _ranks(of: Floats, pairs: Integers) -> Floats:
    """Return the ranks of the pairs' distances: (pairs,)."""
    distances = np.empty(len(pairs))
    for block in blocks(len(pairs), of.shape[1]):
        one, other = pairs[block].T
        apart = np.subtract(of[one], of[other], dtype=np.float64)
        distances[block] = np.einsum("ij,ij->i", apart, apart)
    return rankdata(distances)


def _correlation(one: Floats, other: Floats) -> Floats:
    """Return the correlation along the last axis; not a number where one of them is constant."""
    one, other = (ranks - ranks.mean(-1, keepdims=True) for ranks in (one, other))
    scale = np.sqrt(np.square(one).sum(-1) * np.square(other).sum(-1))
    return np.sum(one * other, -1) / np.where(scale > 0, scale, np.nan)
