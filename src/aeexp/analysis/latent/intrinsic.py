"""In how many dimensions do the rows vary locally?"""

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.sampling import chosen
from aeexp.data import Floats

MOST = 10_000  # rows among which neighbours are sought
NEIGHBOURS = 20
RESAMPLED = 500


@dataclass(frozen=True)
class Estimate:
    """An intrinsic dimension, with the interval that holds 95 % of its bootstrap."""

    dimension: float
    low: float
    high: float


def two_nn(x: Floats) -> Estimate:
    """Return the dimension by the ratio of the distances to a row's two nearest.

    The maximum likelihood under a density that is constant out to the second neighbour (Facco et
    al., 2017, doi:10.1038/s41598-017-11873-y; Denti et al., 2022,
    doi:10.1038/s41598-022-20991-1, equation 5). Not a number with fewer than 3 different rows.
    x: (rows, features), in one unit. Rows that are the same count once; of more than 10,000,
    a random sample counts.
    """
    distances = _distances(x, 2)
    if distances is None:
        return _UNDEFINED
    logs = np.log(distances[:, 1] / distances[:, 0])
    return _estimate(logs, (len(logs) - 1) / len(logs))


def levina_bickel(x: Floats) -> Estimate:
    """Return the dimension by the distances to a row's 20 nearest.

    The maximum likelihood under a density that is constant out to the last of them (Levina and
    Bickel, 2004, equation 8), over all rows as MacKay and Ghahramani (2005) correct it. Not a
    number with fewer than 4 different rows; of few rows, all others are the neighbours. x: see
    `two_nn`.
    """
    distances = _distances(x, NEIGHBOURS)
    if distances is None or distances.shape[1] < 3:
        return _UNDEFINED
    logs = np.log(distances[:, -1:] / distances[:, :-1]).mean(1)
    return _estimate(logs, 1.0)


_UNDEFINED = Estimate(np.nan, np.nan, np.nan)


def _distances(x: Floats, neighbours: int) -> Floats | None:
    """Return the distances to the nearest other rows: (rows, neighbours), all positive."""
    rows = np.unique(x[chosen(len(x), MOST)].astype(np.float64), axis=0)
    count = min(neighbours, len(rows) - 1)
    if count < 2:
        return None
    distances = NearestNeighbors(n_neighbors=count).fit(rows).kneighbors()[0]
    return np.maximum(distances, np.finfo(np.float64).tiny)


def _estimate(logs: Floats, factor: float) -> Estimate:
    """Return the inverse mean of what each row says, and its bootstrap interval."""
    if not logs.any():
        return _UNDEFINED
    rows = len(logs)
    drawn = np.random.default_rng(0).multinomial(rows, np.full(rows, 1 / rows), RESAMPLED)
    means = np.maximum(drawn @ logs / rows, np.finfo(np.float64).tiny)
    high, low = factor / np.quantile(means, [0.025, 0.975])
    return Estimate(float(factor / logs.mean()), float(low), float(high))
