"""Density peaks: are there groups of rows, with a valley of low density between them?

Clusters of a curve or of a gradient are farther apart than those of a single cloud, but no valley
separates them: on the way from one to the next, the density does not fall. Peaks of the density
are found on the graph of nearest neighbours (ToMATo; Chazal et al., 2013, doi:10.1145/2535927).
The prominence of the second peak is compared with that of points of uniform density, whose peaks
are due to chance.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.sampling import chosen
from aeexp.data import Floats, Integers

NEIGHBOURS = 10, 16
"""Numbers of nearest neighbours from which the density is estimated. Fewer find smaller groups,
more find fainter ones."""
SCALE = 5
"""The dimension is that within the nearest fifth of the rows: a thin curve has one dimension, in
which a valley cannot be walked around."""
SMALLEST = 0.03  # share of the rows in a peak that counts
MOST_ROWS, FEWEST_ROWS = 500, 30
COPIES = 39
LEVEL = 0.95  # quantile of the prominences of uniform points that is their unit


@dataclass(frozen=True)
class Peaks:
    """The prominence of the second density peak, and those of points of uniform density.

    prominence: 0 if there is one peak; in units of the 95 % quantile of uniform points, the
    largest over the numbers of neighbours. uniform: (copies,), the same of uniform points.
    """

    prominence: float
    uniform: Floats


def peaks(points: Floats) -> Peaks | None:
    """Return the prominence of the second density peak; None for fewer than 30 distinct rows.

    points: (rows, coordinates). More than 500 rows are sampled.
    """
    points = np.unique(points[chosen(len(points), MOST_ROWS)].astype(np.float64), axis=0)
    if len(points) < FEWEST_ROWS:
        return None
    observed, dimension = _prominences(points)
    uniform = _uniform(len(points), dimension)
    unit = np.maximum(np.quantile(uniform, LEVEL, axis=0), np.finfo(float).tiny)
    return Peaks(float((observed / unit).max()), (uniform / unit).max(axis=1))


@lru_cache(maxsize=64)
def _uniform(rows: int, dimension: int) -> Floats:
    """Return the prominences of uniform points in a cube: (copies, numbers of neighbours)."""
    generator = np.random.default_rng(0)
    copies = (generator.random((rows, dimension)) for _ in range(COPIES))
    return np.array([_prominences(points)[0] for points in copies])


def _prominences(points: Floats) -> tuple[Floats, int]:
    """Return the prominence of the second peak by number of neighbours, and the dimension.

    The dimension is Levina and Bickel's (2004), rounded down.
    """
    near = max(len(points) // SCALE, *NEIGHBOURS)
    search = NearestNeighbors(n_neighbors=near).fit(points)
    distances, neighbours = search.kneighbors()
    distances = np.maximum(distances, np.finfo(float).tiny)
    ratios = np.log(distances[:, -1:] / distances[:, :-1])
    dimension = max(1, int((near - 2) / ratios.sum(axis=1).mean()))
    several = [
        _prominence(-np.log(distances[:, :k].mean(axis=1)), neighbours[:, :k]) for k in NEIGHBOURS
    ]
    return np.array(several), dimension


def _prominence(density: Floats, neighbours: Integers) -> float:
    """Return the height of the second peak above the pass to a higher one.

    Rows are added by falling density. Where two peaks meet, the lower one ends; its prominence is
    its height above this pass. Peaks of a few rows do not count. Peaks that never meet are
    separated by the lowest density. density: (rows,), logarithms. neighbours: (rows, k).
    """
    rows = len(density)
    adjacent: list[list[int]] = [[] for _ in range(rows)]
    for row, several in enumerate(neighbours.tolist()):
        for other in several:
            adjacent[row].append(other)
            adjacent[other].append(row)
    parent, size, fewest = [-1] * rows, [1] * rows, SMALLEST * rows
    heights, largest = density.tolist(), 0.0

    def summit(row: int) -> int:
        """Return the highest row of the peak to which a row belongs."""
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def merge(high: int, low: int, at: float) -> float:
        """Join two peaks; return the prominence of the lower one, 0 if it is small."""
        prominence = heights[low] - at if size[low] >= fewest else 0.0
        parent[low] = high
        size[high] += size[low]
        return prominence

    for row in np.argsort(-density, kind="stable").tolist():
        parent[row] = row
        for other in adjacent[row]:
            if parent[other] < 0 or (a := summit(row)) == (b := summit(other)):
                continue
            low, high = sorted((a, b), key=lambda peak: heights[peak])
            largest = max(largest, merge(high, low, heights[row]))
    first, *apart = sorted({summit(row) for row in range(rows)}, key=lambda peak: -heights[peak])
    return max([largest, *(merge(first, peak, min(heights)) for peak in apart)])
