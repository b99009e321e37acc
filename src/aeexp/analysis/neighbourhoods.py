"""Are a row's neighbours in latent space its neighbours among the features, and conversely?"""

import logging
from collections.abc import Mapping

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.sampling import chosen, mean
from aeexp.data import Floats, Integers
from aeexp.data.blocks import blocks

log = logging.getLogger(__name__)

NAMES = ("trustworthiness", "continuity")
NEIGHBOURS = 15
MOST = 5_000  # rows over all of which the means are taken: their cost is quadratic
NEARER = 1 - 1e-6  # of a squared distance in single precision, which is no nearer by rounding


def neighbourhoods(x: Floats, z: Floats) -> Mapping[str, float]:
    """Return trustworthiness and continuity of the latent space, from 0 to 1, more is better.

    Trustworthiness falls with rows that are neighbours among the factors but not among the
    features, continuity with those that are so only among the features (Venna and Kaski, 2001,
    doi:10.1007/3-540-44668-0_68), over 15 neighbours, or as many as less than half of the rows.
    Of more than 5,000 rows, 1,000 are chosen at random and measured against all. Not a number
    for fewer than 3 rows. x: (rows, features); z: (rows, factors).
    """
    rows = len(x)
    neighbours = min(NEIGHBOURS, (rows - 1) // 2)
    if neighbours < 1:
        log.info("neighbourhoods: %s undefined: %d rows.", ", ".join(NAMES), rows)
        return dict.fromkeys(NAMES, np.nan)
    values = _of_each(x, z, chosen(rows, MOST), neighbours)
    return {
        key: number
        for name, of_rows in zip(NAMES, values, strict=True)
        for key, number in mean(name, of_rows, rows).items()
    }


def _of_each(x: Floats, z: Floats, queries: Integers, count: int) -> Floats:
    """Return both measures of each of the rows `queries`: (2, queries)."""
    among_features, among_factors = (_nearest(of, queries, count) for of in (x, z))
    excess = [_excess(x, queries, among_factors), _excess(z, queries, among_features)]
    return 1 - 2 * np.array(excess) / (count * (2 * len(x) - 3 * count - 1))


def _nearest(of: Floats, queries: Integers, count: int) -> Integers:
    """Return the nearest other rows of each query: (queries, count)."""
    search = NearestNeighbors(n_neighbors=count + 1, algorithm="brute").fit(of)
    found = search.kneighbors(of[queries], return_distance=False)
    others = found != queries[:, None]
    others[others.all(axis=1), -1] = False  # one of many alike does not find itself
    return found[others].reshape(len(queries), count)


def _excess(of: Floats, queries: Integers, neighbours: Integers) -> Integers:
    """Return by how many ranks the neighbours of each query, together, are too far away."""
    rows, count = of[queries], neighbours.shape[1]
    apart = (rows - of[column] for column in neighbours.T)
    far = np.stack([np.einsum("ij,ij->i", each, each) for each in apart], axis=1) * NEARER
    nearer = np.zeros(neighbours.shape, int)
    for block in blocks(len(of), len(queries)):
        distances = euclidean_distances(rows, of[block], squared=True)
        within = np.flatnonzero((queries >= block.start) & (queries < block.stop))
        distances[within, queries[within] - block.start] = np.inf
        distances.sort(axis=1)
        nearer += [np.searchsorted(*each) for each in zip(distances, far, strict=True)]
    return np.maximum(0, 1 + nearer - count).sum(axis=1)
