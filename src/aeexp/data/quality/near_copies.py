"""Rows that have a near copy in another part of the split, such as technical replicates.

A model that learnt from one copy reconstructs the other one too well: the held-out error is too
low. Copies that are exactly equal are counted where the table is read.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.data.dataset import Floats, Integers

NEIGHBOURS = 10
NEAR = 0.1
"""A near copy is closer than this fraction of the distance to the tenth neighbour."""
SHARE, FEWEST = 0.01, 3
"""Least share and least number of rows with near copies that are reported."""
BY_CHANCE = 3
"""So many times as many rows as by chance."""
FEWEST_FEATURES = 5
"""In fewer dimensions, rows are often that close by chance."""
MOST_ROWS = 10_000


def near_copies(x: Floats, part: Integers) -> int:
    """Return the number of rows with a near copy in another part; 0 if these may be chance.

    Uniform points in D dimensions are that close with probability 1 - (1 - 0.1^D)^9; D is
    estimated from the other neighbours (Levina and Bickel, 2004). Tables of more than 10,000 rows
    are not examined. x: (rows, features), scaled. part: (rows,), the number of the part or fold of
    each row.
    """
    rows, features = x.shape
    if features < FEWEST_FEATURES or not 2 * NEIGHBOURS < rows <= MOST_ROWS:
        return 0
    distances, neighbours = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(x).kneighbors()
    nearest, farthest = distances[:, 0], distances[:, -1]
    near = (nearest > 0) & (nearest < NEAR * farthest) & (part != part[neighbours[:, 0]])
    count = int(near.sum())
    if count < max(FEWEST, SHARE * rows):
        return 0
    others = np.maximum(distances[:, 1:-1], np.finfo(float).tiny)
    varied = farthest > 0
    ratios = np.log(farthest[varied, None] / others[varied]).sum(axis=1)
    dimension = (NEIGHBOURS - 3) / ratios.mean()
    expected = rows * (1 - (1 - NEAR**dimension) ** (NEIGHBOURS - 1))
    return count if count > BY_CHANCE * expected else 0
