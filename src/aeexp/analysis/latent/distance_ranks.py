"""In what order do the rows of a table lie around each of them?"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

from aeexp.data import Floats, Integers

NEARER = 1 - 1e-6  # of a squared distance in single precision, which is no nearer by rounding
ROW = 2**32  # what a key holds of a row is below it


@dataclass(frozen=True)
class Nearness:
    """How near all rows are to some of them, the queries.

    distances: (queries, rows), squared, below 0 to the query itself. keys: (queries, rows), rising
    whole numbers of which each tells the distance of a row and, below it, the row.
    """

    distances: Floats
    keys: NDArray[np.int64]

    @cached_property
    def ranks(self) -> Integers:
        """Return the place of each row from the query itself, 0, to the farthest.

        Of rows as far the first comes first. (queries, rows).
        """
        ranks = np.empty_like(self.keys, np.int32)
        places = np.arange(ranks.shape[1])
        for of_query, order in zip(ranks, self.keys & (ROW - 1), strict=True):
            of_query[order] = places
        return ranks

    def nearest(self, count: int) -> Integers:
        """Return the rows nearest to each query beside itself: (queries, count)."""
        return self.keys[:, 1 : count + 1] & (ROW - 1)

    def nearer(self, rows: Integers) -> Integers:
        """Return how many rows, the query among them, are nearer than each: (queries, some).

        Of rows as far none is nearer, so that their order counts for nothing. rows: (queries,
        some).
        """
        far = np.take_along_axis(self.distances, rows, 1) * np.float32(NEARER)
        pairs = zip(self.keys, _keys(far), strict=True)
        return np.array([np.searchsorted(*each) for each in pairs])


def nearness(of: Floats, queries: Integers) -> Nearness:
    """Return how near all rows are to the rows `queries`: a block of them, as it is quadratic.

    of: (rows, columns). queries: (queries,), row numbers.
    """
    distances = euclidean_distances(of[queries], of, squared=True).astype(np.float32)
    distances[np.arange(len(queries)), queries] = -1
    keys = _keys(distances)  # sorted as whole numbers in a seventh of a stable argsort's time
    keys |= np.arange(len(of))
    keys.sort(axis=1)
    return Nearness(distances, keys)


def _keys(distances: Floats) -> NDArray[np.int64]:
    """Return whole numbers in the order of distances in single precision, as their bits are."""
    return distances.view(np.int32).astype(np.int64) * ROW
