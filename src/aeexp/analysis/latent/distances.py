"""Rank correlation of distances among the features and in latent space."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import rankdata

from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks

PAIRS = 100_000  # of rows in the correlation
BATCHES = 20  # of sampled pairs, for the standard error


def spearman(x: Floats, *latents: Floats) -> list[Mapping[str, float]]:
    """Return the rank correlation of distances in a table and in each of its latent spaces.

    From -1 to 1, higher is better (Spearman, 1904, doi:10.2307/1412159). If there are more than
    100,000 pairs of rows, as many are sampled; `spearman.se` is then the standard error, from 20
    batches. NaN for fewer than 3 rows, or if all distances are equal.
    x: (rows, features). latents: arrays of (rows, factors).
    """
    if len(x) < 3:
        return [{"spearman": np.nan} for _ in latents]
    pairs = _pairs(len(x))
    sampled = len(pairs) < len(x) * (len(x) - 1) // 2
    features = _ranks(x, pairs)
    results: list[Mapping[str, float]] = []
    for z in latents:
        factors = _ranks(z, pairs)
        result = {"spearman": float(_correlation(features, factors))}
        if sampled:
            batches = _correlation(*(ranks.reshape(BATCHES, -1) for ranks in (features, factors)))
            result["spearman.se"] = float(batches.std(ddof=1) / np.sqrt(BATCHES))
        results.append(result)
    return results


def _pairs(rows: int) -> Integers:
    """Return all or a random sample of pairs of rows: (pairs, 2)."""
    if rows * (rows - 1) // 2 <= PAIRS:
        return np.column_stack(np.triu_indices(rows, 1))
    random = np.random.default_rng(0)
    first, further = random.integers(rows, size=PAIRS), random.integers(1, rows, size=PAIRS)
    return np.column_stack([first, (first + further) % rows])


def _ranks(x: Floats, pairs: Integers) -> Floats:
    """Return the ranks of the pairs' distances: (pairs,)."""
    distances = np.empty(len(pairs))
    for block in blocks(len(pairs), x.shape[1]):
        one, other = pairs[block].T
        difference = np.subtract(x[one], x[other], dtype=np.float64)
        distances[block] = np.einsum("ij,ij->i", difference, difference)
    return rankdata(distances)


def _correlation(one: Floats, other: Floats) -> Floats:
    """Return the correlation along the last axis, NaN if one of them is constant."""
    one, other = (ranks - ranks.mean(-1, keepdims=True) for ranks in (one, other))
    scale = np.sqrt(np.square(one).sum(-1) * np.square(other).sum(-1))
    return np.sum(one * other, -1) / np.where(scale > 0, scale, np.nan)
