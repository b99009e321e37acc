"""Which cluster is a row nearest to?"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.data import Floats, Integers

NEIGHBOURS = 15
CHUNK = 16_384  # rows at once


def nearest(
    known: Floats, codes: Integers, z: Floats, neighbours: int = NEIGHBOURS
) -> tuple[Integers, Floats]:
    """Return the cluster of most of the nearest known rows, and the share of them that are in it.

    Of clusters with as many, the lower number is taken; -1, noise, is one of them.
    known: (known, factors). codes: (known,), their clusters. z: (rows, factors).
    """
    search = NearestNeighbors(n_neighbors=min(neighbours, len(known))).fit(known)
    ids, places = np.unique(codes, return_inverse=True)
    found, confidence = np.empty(len(z), codes.dtype), np.empty(len(z))
    for start in range(0, len(z), CHUNK):
        rows = slice(start, start + CHUNK)
        near = places[search.kneighbors(z[rows], return_distance=False)]
        shares = np.stack([(near == place).mean(1) for place in range(len(ids))], axis=1)
        found[rows], confidence[rows] = ids[shares.argmax(1)], shares.max(1)
    return found, confidence
