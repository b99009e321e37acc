"""To which cluster does a row belong that was not clustered?"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks

NEIGHBOURS = 15


def nearest(
    z_known: Floats, codes: Integers, z: Floats, neighbours: int = NEIGHBOURS
) -> tuple[Integers, Floats]:
    """Return the cluster that most of a row's nearest known rows are in, and their share of them.

    Noise counts as a cluster; of several with as many rows the nearest row's is taken (Cover and
    Hart, 1967, doi:10.1109/TIT.1967.1053964). z_known: (known, factors), at least one row, with
    `codes`: (known,). z: (rows, factors). Returns (rows,) codes and (rows,) shares from 0 to 1.
    """
    count = min(neighbours, len(z_known))
    search = NearestNeighbors(n_neighbors=count).fit(z_known)
    found, shares = np.empty(len(z), codes.dtype), np.empty(len(z))
    for block in blocks(len(z), count**2):
        near = codes[search.kneighbors(z[block], return_distance=False)]
        votes = (near[:, :, None] == near[:, None, :]).sum(2)
        first = votes.argmax(1)[:, None]  # neighbours come nearest first
        found[block] = np.take_along_axis(near, first, 1)[:, 0]
        shares[block] = np.take_along_axis(votes, first, 1)[:, 0] / count
    return found, shares
