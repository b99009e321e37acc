"""Are the clusters apart? Measured without labels."""

import logging
from collections.abc import Mapping

import numpy as np
from sklearn import metrics
from sklearn.metrics.pairwise import euclidean_distances

from aeexp.analysis.sampling import SAMPLE, chosen, mean
from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks
from aeexp.text import printable

log = logging.getLogger(__name__)

NOISE = -1
MOST = 10_000  # rows over all of which a silhouette is taken: its cost is quadratic
INDICES = {
    "davies_bouldin": metrics.davies_bouldin_score,
    "calinski_harabasz": metrics.calinski_harabasz_score,
}
NEED_TWO = ("silhouette", *INDICES)
NAMES = ("n_clusters", "noise_fraction", *NEED_TWO)


def separation(z: Floats, codes: Integers, name: str) -> Mapping[str, float]:
    """Return how far the clusters of a clustering are apart; noise belongs to none.

    Silhouette (Rousseeuw, 1987; -1 to 1, more is better), Davies-Bouldin (1979; from 0, less is
    better) and Calinski-Harabasz (1974; from 0, more is better) need 2 clusters and a row more
    than clusters; otherwise they are not a number, and the log says why. The silhouette of more
    than 10,000 rows is that of 1,000 at random, with its standard error.
    z: (rows, factors); codes: (rows,).
    """
    inside = codes != NOISE
    counted = {
        "n_clusters": float(len(np.unique(codes[inside]))),
        "noise_fraction": float(1 - inside.mean()),
    }
    if not 2 <= counted["n_clusters"] < inside.sum():
        log.info(
            "clustering.%s: %s undefined: %d clusters over %d rows.",
            printable(name),
            ", ".join(NEED_TWO),
            counted["n_clusters"],
            inside.sum(),
        )
        return counted | dict.fromkeys(NEED_TWO, np.nan)
    z, codes = z[inside], codes[inside]
    measured = {key: float(index(z, codes)) for key, index in INDICES.items()}
    return counted | _silhouette(z, codes) | measured


def mean_silhouette(z: Floats, codes: Integers) -> float:
    """Return the mean silhouette without noise, not a number where it is undefined."""
    inside = codes != NOISE
    z, codes = z[inside], codes[inside]
    defined = 2 <= len(np.unique(codes)) < len(codes)
    return _silhouette(z, codes)["silhouette"] if defined else np.nan


def _silhouette(z: Floats, codes: Integers) -> dict[str, float]:
    """Return the mean silhouette, with its standard error where it is of a sample.

    There must be at least 2 clusters, and a row more than clusters; see `sampling.mean`.
    """
    rows = chosen(len(z), MOST, SAMPLE)
    return mean("silhouette", silhouettes(z, codes, rows), len(z))


def silhouettes(z: Floats, codes: Integers, rows: Integers) -> Floats:
    """Return how much nearer some rows are to their own cluster than to the next: (some,).

    0 for the only row of a cluster. All rows of a cluster count, whichever are asked for.
    """
    ids, codes, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.zeros((len(rows), len(ids)))
    for number in range(len(ids)):
        members = z[codes == number]
        for block in blocks(len(members), len(rows)):
            distances = euclidean_distances(z[rows], members[block])
            sums[:, number] += distances.sum(1, dtype=np.float64)
    return _silhouettes(sums, sizes, codes[rows])


def _silhouettes(sums: Floats, sizes: Integers, own: Integers) -> Floats:
    """Return the silhouettes of rows in the clusters `own`: (rows,).

    sums: (rows, clusters) of their distances to all rows of each cluster. sizes: (clusters,).
    """
    mine = np.arange(len(own)), own
    within = sums[mine] / np.maximum(sizes[own] - 1, 1)
    others = sums / sizes
    others[mine] = np.inf
    beyond = others.min(axis=1)
    apart = (beyond - within) / np.maximum(np.maximum(within, beyond), np.finfo(float).tiny)
    return np.where(sizes[own] > 1, apart, 0.0)
