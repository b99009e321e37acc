"""Nearest-neighbour vote: clusters of new rows."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks

NEIGHBOURS = 15


def nearest(
    z_known: Floats, codes: Integers, z: Floats, neighbours: int = NEIGHBOURS
) -> tuple[Integers, Floats]:
    """Return the cluster of most of a row's nearest known rows, and its share of their votes.

    Noise counts as a cluster. In a tie the cluster of the nearest row is chosen (Cover and Hart,
    1967, doi:10.1109/TIT.1967.1053964). z_known: (known, factors), at least one row. codes:
    (known,), their clusters. z: (rows, factors). Returns (rows,) codes and (rows,) shares from 0
    to 1.
    """
    count = min(neighbours, len(z_known))
    search = NearestNeighbors(n_neighbors=count).fit(z_known)
    winners, shares = np.empty(len(z), codes.dtype), np.empty(len(z))
    for block in blocks(len(z), count**2):
        near = codes[search.kneighbors(z[block], return_distance=False)]
        votes = (near[:, :, None] == near[:, None, :]).sum(2)
        first = votes.argmax(1)[:, None]  # neighbours are ordered by distance
        winners[block] = np.take_along_axis(near, first, 1)[:, 0]
        shares[block] = np.take_along_axis(votes, first, 1)[:, 0] / count
    return winners, shares
