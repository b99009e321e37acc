"""Intrinsic dimension: the number of directions in which neighbouring rows vary.

Both estimators use the growth of distances to nearest neighbours: in d dimensions the number of
neighbours within r grows as r^d. They need no model. Noise raises them, few rows lower them.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.sampling import chosen
from aeexp.data import Floats

MOST = 10_000  # rows in the search for neighbours
NEIGHBOURS = 20
RESAMPLED = 500


@dataclass(frozen=True)
class Estimate:
    """An intrinsic dimension with its 95 % bootstrap interval."""

    dimension: float
    low: float
    high: float


def two_nn(x: Floats) -> Estimate:
    """Return the dimension from the ratio of the distances to a row's two nearest neighbours.

    Maximum likelihood under a density that is constant up to the second neighbour (Facco et al.,
    2017, doi:10.1038/s41598-017-11873-y; Denti et al., 2022, doi:10.1038/s41598-022-20991-1,
    equation 5). NaN for fewer than 3 distinct rows.
    x: (rows, features), on one scale. Identical rows count once. A random sample of 10,000 rows is
    used if there are more.
    """
    distances = _distances(x, 2)
    if distances is None:
        return _UNDEFINED
    logs = np.log(distances[:, 1] / distances[:, 0])
    return _estimate(logs, (len(logs) - 1) / len(logs))


def levina_bickel(x: Floats) -> Estimate:
    """Return the dimension from the distances to a row's 20 nearest neighbours.

    Maximum likelihood under a density that is constant up to the last neighbour (Levina and
    Bickel, 2004, equation 8), averaged over rows as corrected by MacKay and Ghahramani (2005). NaN
    for fewer than 4 distinct rows; with 20 rows or fewer, all other rows are neighbours.
    x: see `two_nn`.
    """
    distances = _distances(x, NEIGHBOURS)
    if distances is None or distances.shape[1] < 3:
        return _UNDEFINED
    logs = np.log(distances[:, -1:] / distances[:, :-1]).mean(1)
    return _estimate(logs, 1.0)


_UNDEFINED = Estimate(np.nan, np.nan, np.nan)


def _distances(x: Floats, neighbours: int) -> Floats | None:
    """Return the distances to the nearest distinct rows, all positive: (rows, neighbours)."""
    rows = np.unique(x[chosen(len(x), MOST)].astype(np.float64), axis=0)
    count = min(neighbours, len(rows) - 1)
    if count < 2:
        return None
    distances = NearestNeighbors(n_neighbors=count).fit(rows).kneighbors()[0]
    return np.maximum(distances, np.finfo(np.float64).tiny)


def _estimate(logs: Floats, factor: float) -> Estimate:
    """Return the inverse mean of the log ratios of the rows, with its bootstrap interval."""
    if not logs.any():
        return _UNDEFINED
    rows = len(logs)
    counts = np.random.default_rng(0).multinomial(rows, np.full(rows, 1 / rows), RESAMPLED)
    means = np.maximum(counts @ logs / rows, np.finfo(np.float64).tiny)
    high, low = factor / np.quantile(means, [0.025, 0.975])
    return Estimate(float(factor / logs.mean()), float(low), float(high))
