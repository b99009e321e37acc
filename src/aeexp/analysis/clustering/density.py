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

from aeexp.analysis.clustering.knn_vote import nearest
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
CLEARLY = 0.8
"""Share of the nearest points that belong to the peak of a point; below it, it is in a valley."""
LEVEL = 0.95  # quantile of the prominences of uniform points that is their unit


@dataclass(frozen=True)
class Peaks:
    """The density peaks of points, and the prominence of the second one.

    prominence: 0 if there is one peak; in units of the 95 % quantile of uniform points, the
    largest over the numbers of neighbours. uniform: (copies,), the same of uniform points.
    points: (sample, coordinates). peak: (sample,), the peak to which each point belongs, from 0 in
    falling order of height, -1 for points that no neighbours connect to a peak.
    """

    prominence: float
    uniform: Floats
    points: Floats
    peak: Integers

    @property
    def count(self) -> int:
        """Return the number of peaks that are higher than those of uniform points, 1 or more."""
        return int(self.peak.max()) + 1

    @property
    def between(self) -> float:
        """Return the share of the points that lie between peaks: in a valley."""
        _, shares = self.of(self.points)
        return float((shares < CLEARLY).mean())

    def of(self, points: Floats) -> tuple[Integers, Floats]:
        """Return the peak of any points, and the share of the nearest points that belong to it.

        Points in a valley have neighbours of several peaks. points: (rows, coordinates). Returns
        (rows,) each.
        """
        inside = self.peak >= 0
        return nearest(self.points[inside], self.peak[inside], points)


def peaks(points: Floats) -> Peaks | None:
    """Return the density peaks; None for fewer than 30 distinct rows.

    points: (rows, coordinates). More than 500 rows are sampled.
    """
    points = np.unique(points[chosen(len(points), MOST_ROWS)].astype(np.float64), axis=0)
    if len(points) < FEWEST_ROWS:
        return None
    landscapes, dimension = _landscapes(points)
    uniform = _uniform(len(points), dimension)
    unit = np.maximum(np.quantile(uniform, LEVEL, axis=0), np.finfo(float).tiny)
    relative = np.array([_second(landscape) for landscape in landscapes]) / unit
    of_uniform = (uniform / unit).max(axis=1)
    clearest = int(relative.argmax())
    least = float(np.quantile(of_uniform, LEVEL) * unit[clearest])
    peak = landscapes[clearest].peaks(least)
    return Peaks(float(relative.max()), of_uniform, points, peak)


@lru_cache(maxsize=64)
def _uniform(rows: int, dimension: int) -> Floats:
    """Return the prominences of uniform points in a cube: (copies, numbers of neighbours)."""
    generator = np.random.default_rng(0)
    copies = (generator.random((rows, dimension)) for _ in range(COPIES))
    return np.array([[_second(landscape) for landscape in _landscapes(c)[0]] for c in copies])


def _second(landscape: "_Landscape") -> float:
    """Return the prominence of the second peak, 0 if there is none."""
    return max(landscape.prominences(), default=0.0)


def _landscapes(points: Floats) -> tuple[list["_Landscape"], int]:
    """Return the density landscape by number of neighbours, and the dimension.

    The dimension is Levina and Bickel's (2004), rounded down.
    """
    near = max(len(points) // SCALE, *NEIGHBOURS)
    search = NearestNeighbors(n_neighbors=near).fit(points)
    distances, neighbours = search.kneighbors()
    distances = np.maximum(distances, np.finfo(float).tiny)
    ratios = np.log(distances[:, -1:] / distances[:, :-1])
    dimension = max(1, int((near - 2) / ratios.sum(axis=1).mean()))
    several = [
        _Landscape(-np.log(distances[:, :k].mean(axis=1)), neighbours[:, :k]) for k in NEIGHBOURS
    ]
    return several, dimension


class _Landscape:
    """The density of rows on the graph of their nearest neighbours.

    Rows are added by falling density. Where two peaks meet, the lower one ends; its prominence is
    its height above this pass. Peaks of a few rows do not count. Peaks that never meet are
    separated by the lowest density. density: (rows,), logarithms. neighbours: (rows, k).
    """

    def __init__(self, density: Floats, neighbours: Integers) -> None:
        self.density, self.rows = density, len(density)
        self.heights: list[float] = density.tolist()
        self.order: list[int] = np.argsort(-density, kind="stable").tolist()
        place = np.argsort(self.order).tolist()
        self.adjacent: list[list[int]] = [[] for _ in range(self.rows)]
        for row, several in enumerate(neighbours.tolist()):
            for other in several:
                self.adjacent[row].append(other)
                self.adjacent[other].append(row)
        for several in self.adjacent:
            several.sort(key=place.__getitem__)  # a row joins the peak of its densest neighbour

    def prominences(self) -> list[float]:
        """Return the prominences of all peaks but the highest."""
        return self._climb(np.inf)[1]

    def peaks(self, least: float) -> Integers:
        """Return the peak of each row: (rows,), from 0 in falling order of height, or -1.

        Peaks whose prominence is below `least` belong to the higher one that they meet.
        """
        summits, _ = self._climb(least)
        tops, codes = np.unique(np.array(summits), return_inverse=True)
        sizes = np.bincount(codes)
        counted = [i for i in np.argsort(-self.density[tops]) if sizes[i] >= self._fewest]
        number = np.full(len(tops), -1)
        number[counted] = np.arange(len(counted))
        return np.asarray(number[codes])

    @property
    def _fewest(self) -> float:
        return SMALLEST * self.rows

    def _climb(self, least: float) -> tuple[list[int], list[float]]:
        """Return the highest row of each row's peak, and the prominences of peaks that ended.

        Peaks of a prominence of `least` or more do not end where they meet a higher one.
        """
        parent, size, heights = [-1] * self.rows, [1] * self.rows, self.heights
        ended: list[float] = []

        def summit(row: int) -> int:
            while parent[row] != row:
                parent[row] = parent[parent[row]]
                row = parent[row]
            return row

        def meet(a: int, b: int, at: float) -> None:
            low, high = sorted((a, b), key=heights.__getitem__)
            prominence = heights[low] - at if size[low] >= self._fewest else 0.0
            if prominence < least:
                parent[low] = high
                size[high] += size[low]
                ended.append(prominence)

        for row in self.order:
            parent[row] = row
            for other in self.adjacent[row]:
                if parent[other] >= 0 and (a := summit(row)) != (b := summit(other)):
                    meet(a, b, heights[row])
        summits = [summit(row) for row in range(self.rows)]
        apart = sorted({*summits}, key=lambda row: -heights[row])[1:]
        lowest = heights[self.order[-1]]
        ended += [heights[row] - lowest for row in apart if size[row] >= self._fewest]
        return summits, ended
