"""Distance ranks: the order of all rows by their distance to a row.

Ranks need a sort for every row, which dominates the time of the evidence. So distances are stored
in single precision. The bits of a non-negative float, read as an integer, have the same order as
the float. With the row index in the lower 32 bits, one integer sorts by distance, then by index.
Such keys sort in a seventh of the time of a stable argsort. A query has the distance -1 to itself,
whose bits are a negative integer, so that it comes first.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

from aeexp.data import Floats, Integers

NEARER = 1 - 1e-6  # factor below which a squared distance is smaller by more than rounding
ROW = 2**32  # the lower 32 bits of a key are the index of the row


@dataclass(frozen=True)
class DistanceRanks:
    """Distances of all rows to some of them, the queries.

    distances: (queries, rows), squared; -1 for the query itself. keys: (queries, rows), ascending
    integers with the distance in the upper and the index of the row in the lower 32 bits.
    """

    distances: Floats
    keys: NDArray[np.int64]

    @cached_property
    def ranks(self) -> Integers:
        """Return the rank of each row: (queries, rows). The query has rank 0.

        Rows at equal distance are ranked by index.
        """
        ranks = np.empty_like(self.keys, np.int32)
        places = np.arange(ranks.shape[1])
        for row, order in zip(ranks, self.keys & (ROW - 1), strict=True):
            row[order] = places
        return ranks

    def nearest(self, count: int) -> Integers:
        """Return the nearest rows of each query, without itself: (queries, count)."""
        return self.keys[:, 1 : count + 1] & (ROW - 1)

    def nearer(self, rows: Integers) -> Integers:
        """Return how many rows are nearer than given rows, the query included: (queries, some).

        Rows at equal distance are not nearer, so that their order is irrelevant.
        rows: (queries, some).
        """
        far = np.take_along_axis(self.distances, rows, 1) * np.float32(NEARER)
        pairs = zip(self.keys, _keys(far), strict=True)
        return np.array([np.searchsorted(*pair) for pair in pairs])


def distance_ranks(x: Floats, queries: Integers) -> DistanceRanks:
    """Return the ranks of all rows around some rows, in a block, as memory is quadratic.

    x: (rows, columns). queries: (queries,), indices of rows.
    """
    distances = euclidean_distances(x[queries], x, squared=True).astype(np.float32)
    distances[np.arange(len(queries)), queries] = -1
    keys = _keys(distances)
    keys |= np.arange(len(x))
    keys.sort(axis=1)
    return DistanceRanks(distances, keys)


def _keys(distances: Floats) -> NDArray[np.int64]:
    """Return integers in the order of the distances, float32 bits times 2**32."""
    return distances.view(np.int32).astype(np.int64) * ROW
