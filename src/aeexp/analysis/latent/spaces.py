"""Are the latent spaces of several models the same, however they are turned?"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.factors.matching import centred
from aeexp.analysis.sampling import SAMPLE, chosen
from aeexp.data import Floats, Integers

NEIGHBOURS = 15
MOST_MEMBERS = 64  # of which every pair is compared


def pairs(members: int) -> Iterator[tuple[int, int]]:
    """Yield all pairs of members; of more than 64 those with the first, as they grow squared."""
    if members <= MOST_MEMBERS:
        return combinations(range(members), 2)
    return ((0, other) for other in range(1, members))


def cka(a: Floats, b: Floats) -> float:
    """Return the linear centred kernel alignment of two latent spaces, from 0 to 1, the same.

    Kornblith et al. (2019, arXiv:1905.00414); it is the RV coefficient of Robert and Escoufier
    (1976, doi:10.2307/2347233). Rotations, mirrorings and a common scale leave it as it is. Not a
    number where either space is a point. a: (rows, factors); b: (rows, its factors).
    """
    a, b = centred(a), centred(b)
    lengths = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    if not lengths > 0:
        return np.nan
    return min(float(np.linalg.norm(a.T @ b) ** 2 / lengths), 1.0)


def disparity(a: Floats, b: Floats) -> float:
    """Return what remains between two spaces once turned, mirrored and scaled; from 0, the same.

    Procrustes disparity, as a share of the variance, to 1 (Gower, 1975, doi:10.1007/BF02291478;
    the rotation is that of Schönemann, 1966, doi:10.1007/BF02289451). Not a number where either
    space is a point. a: (rows, factors); b: (rows, its factors).
    """
    a, b = centred(a), centred(b)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if not lengths > 0:
        return np.nan
    return max(float(1 - (np.linalg.norm(a.T @ b, "nuc") / lengths) ** 2), 0.0)


def neighbours_kept(latents: Sequence[Floats]) -> list[float]:
    """Return which share of a row's neighbours two spaces have in common, for each of `pairs`.

    The mean over rows, from 0 to 1, the same, of 15 neighbours, or as many as less than half of
    the rows; spaces that have nothing to do with each other share neighbours / (rows - 1). Of
    more than 1,000 rows a random 1,000 look for theirs among all. Neither turning nor scaling
    matters. Not a number for fewer than 3 rows, or where either space is a point.
    latents: (rows, factors) each.
    """
    rows = len(latents[0])
    count = min(NEIGHBOURS, (rows - 1) // 2)
    defined = [count > 0 and bool(centred(z).any()) for z in latents]
    queries = chosen(rows, SAMPLE)
    near = [
        _nearest(z, queries, count) if known else None
        for z, known in zip(latents, defined, strict=True)
    ]
    return [_shared(near[i], near[j]) for i, j in pairs(len(latents))]


def _nearest(z: Floats, queries: Integers, count: int) -> Integers:
    """Return the nearest other rows of each query: (queries, count)."""
    found = NearestNeighbors(n_neighbors=count + 1).fit(z).kneighbors(z[queries])[1]
    others = found != queries[:, None]
    others[others.all(axis=1), -1] = False  # one of many alike does not find itself
    return found[others].reshape(len(queries), count)


def _shared(a: Integers | None, b: Integers | None) -> float:
    if a is None or b is None:
        return np.nan
    return float((a[:, :, None] == b[:, None, :]).any(axis=2).mean())
