"""Are a row's neighbours in latent space its neighbours among the features, and conversely?"""

import logging
from collections.abc import Mapping

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from aeexp.analysis.sampling import chosen, mean
from aeexp.data import Floats, Integers
from aeexp.data.blocks import blocks

log = logging.getLogger(__name__)

NAMES = ("trustworthiness", "continuity")
NEIGHBOURS = 15
MOST = 5_000  # rows over all of which the means are taken: their cost is quadratic
DISTANCES = 2**23  # held at once in either space: 32 MiB in single precision


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


def _of_each(x: Floats, z: Floats, queries: Integers, neighbours: int) -> Floats:
    """Return both measures of each of the rows `queries`: (2, queries)."""
    excess = np.empty((2, len(queries)))
    for block in blocks(len(queries), len(x), DISTANCES):
        spaces = [_distances(of, queries[block]) for of in (x, z)]
        near = [np.argpartition(of, neighbours - 1, axis=1)[:, :neighbours] for of in spaces]
        excess[:, block] = [_excess(spaces[0], near[1]), _excess(spaces[1], near[0])]
    return 1 - 2 * excess / (neighbours * (2 * len(x) - 3 * neighbours - 1))


def _distances(of: Floats, queries: Integers) -> Floats:
    """Return the squared distances of some rows to all, infinite to themselves."""
    distances = euclidean_distances(of[queries], of, squared=True)
    distances[np.arange(len(queries)), queries] = np.inf
    return distances


def _excess(distances: Floats, neighbours: Integers) -> Integers:
    """Return by how many ranks the neighbours of each query, together, are too far away.

    The distances are sorted in place.
    """
    far = np.take_along_axis(distances, neighbours, axis=1)
    distances.sort(axis=1)
    nearer = np.array([np.searchsorted(*each) for each in zip(distances, far, strict=True)])
    return np.maximum(0, 1 + nearer - far.shape[1]).sum(axis=1)
