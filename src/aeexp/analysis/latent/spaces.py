"""Similarity of latent spaces, invariant under rotation, reflection and scaling."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.factors.matching import centred
from aeexp.analysis.sampling import SAMPLE, chosen
from aeexp.data import Floats, Integers

NEIGHBOURS = 15
MOST_MEMBERS = 64  # up to which all pairs are compared


def pairs(members: int) -> Iterator[tuple[int, int]]:
    """Yield all pairs of members; for more than 64 members only the pairs with the first."""
    if members <= MOST_MEMBERS:
        return combinations(range(members), 2)
    return ((0, other) for other in range(1, members))


def cka(a: Floats, b: Floats) -> float:
    """Return the linear centred kernel alignment of two latent spaces, from 0 to 1 (identical).

    Kornblith et al. (2019, arXiv:1905.00414). It equals the RV coefficient of Robert and Escoufier
    (1976, doi:10.2307/2347233), and is invariant under rotation, reflection and scaling. NaN if
    either space is a point. a: (rows, factors). b: (rows, its factors).
    """
    a, b = centred(a), centred(b)
    lengths = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    if not lengths > 0:
        return np.nan
    return min(float(np.linalg.norm(a.T @ b) ** 2 / lengths), 1.0)


def disparity(a: Floats, b: Floats) -> float:
    """Return the Procrustes disparity of two latent spaces, from 0 (identical) to 1.

    This is the share of the variance that remains after the best rotation, reflection and scaling
    (Gower, 1975, doi:10.1007/BF02291478; Schönemann, 1966, doi:10.1007/BF02289451). NaN if either
    space is a point. a: (rows, factors). b: (rows, its factors).
    """
    a, b = centred(a), centred(b)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if not lengths > 0:
        return np.nan
    return max(float(1 - (np.linalg.norm(a.T @ b, "nuc") / lengths) ** 2), 0.0)


def neighbours_kept(latents: Sequence[Floats]) -> list[float]:
    """Return the share of a row's neighbours that two spaces have in common, for each of `pairs`.

    Mean over rows, from 0 to 1 (identical), for 15 neighbours, or fewer than half of the rows.
    Unrelated spaces have `neighbours_by_chance` on average. Invariant under rotation and scaling.
    If there are more than 1,000 rows, the mean is over a random sample of 1,000. NaN for fewer
    than 3 rows, or if either space is a point.
    latents: arrays of (rows, factors).
    """
    rows = len(latents[0])
    count = _neighbours(rows)
    defined = [count > 0 and bool(centred(z).any()) for z in latents]
    queries = chosen(rows, SAMPLE)
    near = [
        _nearest(z, queries, count) if is_defined else None
        for z, is_defined in zip(latents, defined, strict=True)
    ]
    return [_shared(near[i], near[j]) for i, j in pairs(len(latents))]


def neighbours_by_chance(rows: int) -> float:
    """Return the mean share of neighbours that unrelated spaces of so many rows have in common."""
    return _neighbours(rows) / max(rows - 1, 1)


def _neighbours(rows: int) -> int:
    """Return the number of neighbours that are compared: fewer than half of the rows."""
    return min(NEIGHBOURS, (rows - 1) // 2)


def _nearest(z: Floats, queries: Integers, count: int) -> Integers:
    """Return the nearest other rows of each query: (queries, count)."""
    indices = NearestNeighbors(n_neighbors=count + 1).fit(z).kneighbors(z[queries])[1]
    is_other = indices != queries[:, None]
    is_other[is_other.all(axis=1), -1] = False  # one of many identical rows may not find itself
    return indices[is_other].reshape(len(queries), count)


def _shared(a: Integers | None, b: Integers | None) -> float:
    if a is None or b is None:
        return np.nan
    return float((a[:, :, None] == b[:, None, :]).any(axis=2).mean())
