"""Separation of clusters, measured without labels."""

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
MOST = 10_000  # rows up to which the silhouette uses all rows: its cost is quadratic
INDICES = {
    "davies_bouldin": metrics.davies_bouldin_score,
    "calinski_harabasz": metrics.calinski_harabasz_score,
}
NEED_TWO = ("silhouette", *INDICES)
NAMES = ("n_clusters", "noise_fraction", *NEED_TWO)


def separation(z: Floats, codes: Integers, name: str) -> Mapping[str, float]:
    """Return how well the clusters of a clustering are separated, without noise.

    Silhouette (Rousseeuw, 1987; -1 to 1, higher is better), Davies-Bouldin (1979; from 0, lower is
    better) and Calinski-Harabasz (1974; from 0, higher is better) need at least 2 clusters and
    more rows than clusters. Otherwise they are NaN, with a message in the log. For more than
    10,000 rows, the silhouette is that of a random sample of 1,000, with its standard error.
    z: (rows, factors). codes: (rows,). name: of the clustering.
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
    """Return the mean silhouette without noise, NaN if it is undefined."""
    inside = codes != NOISE
    z, codes = z[inside], codes[inside]
    defined = 2 <= len(np.unique(codes)) < len(codes)
    return _silhouette(z, codes)["silhouette"] if defined else np.nan


def _silhouette(z: Floats, codes: Integers) -> dict[str, float]:
    """Return the mean silhouette, for a sample with its standard error; see `sampling.mean`.

    There must be at least 2 clusters, and more rows than clusters.
    """
    rows = chosen(len(z), MOST, SAMPLE)
    return mean("silhouette", silhouettes(z, codes, rows), len(z))


def silhouettes(z: Floats, codes: Integers, rows: Integers) -> Floats:
    """Return the silhouette of some rows, computed from their distances to all rows: (some,).

    0 for the only row of a cluster. rows: indices of the rows. codes: (all rows,).
    """
    ids, codes, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.zeros((len(rows), len(ids)))
    for number in range(len(ids)):
        members = z[codes == number]
        for block in blocks(len(members), len(rows)):
            distances = euclidean_distances(z[rows], members[block])
            sums[:, number] += distances.sum(1, dtype=np.float64)
    cluster = codes[rows]
    cells = np.arange(len(cluster)), cluster
    within = sums[cells] / np.maximum(sizes[cluster] - 1, 1)
    means = sums / sizes
    means[cells] = np.inf
    nearest = means.min(axis=1)
    scale = np.maximum(np.maximum(within, nearest), np.finfo(float).tiny)
    return np.where(sizes[cluster] > 1, (nearest - within) / scale, 0.0)
