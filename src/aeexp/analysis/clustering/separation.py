"""Separation of clusters, measured without labels."""

import logging
from collections.abc import Mapping, Sequence

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
    [silhouette] = mean_silhouettes(z[inside], [codes[inside]])
    return silhouette


def mean_silhouettes(z: Floats, clusterings: Sequence[Integers]) -> Floats:
    """Return the mean silhouette of several clusterings without noise: (clusterings,).

    NaN for fewer than 2 clusters or as many as rows. Distances are computed once for all of them.
    """
    defined = [i for i, c in enumerate(clusterings) if 2 <= len(np.unique(c)) < len(c)]
    means = np.full(len(clusterings), np.nan)
    if defined:
        rows = chosen(len(z), MOST, SAMPLE)
        several = silhouettes(z, [clusterings[i] for i in defined], rows)
        means[defined] = several.mean(1)
    return means


def _silhouette(z: Floats, codes: Integers) -> dict[str, float]:
    """Return the mean silhouette, for a sample with its standard error; see `sampling.mean`.

    There must be at least 2 clusters, and more rows than clusters.
    """
    rows = chosen(len(z), MOST, SAMPLE)
    [values] = silhouettes(z, [codes], rows)
    return mean("silhouette", values, len(z))


def silhouettes(z: Floats, clusterings: Sequence[Integers], rows: Integers) -> Floats:
    """Return the silhouettes of some rows in several clusterings: (clusterings, some).

    They are computed from their distances to all rows. 0 for the only row of a cluster.
    rows: indices of the rows. clusterings: (all rows,) each.
    """
    clusters = [np.unique(codes, return_inverse=True)[1] for codes in clusterings]
    members = np.hstack([np.eye(codes.max() + 1)[codes] for codes in clusters])
    sums = np.zeros((len(rows), members.shape[1]))
    for block in blocks(len(z), len(rows)):
        distances = euclidean_distances(z[rows], z[block]).astype(np.float64)
        sums += distances @ members[block]
    ends = np.cumsum([codes.max() + 1 for codes in clusters])
    several = np.split(sums, ends[:-1], axis=1)
    return np.array([_compared(*pair, rows) for pair in zip(several, clusters, strict=True)])


def _compared(sums: Floats, codes: Integers, rows: Integers) -> Floats:
    """Return the silhouettes of some rows from the sums of their distances to each cluster."""
    sizes, cluster = np.bincount(codes), codes[rows]
    cells = np.arange(len(cluster)), cluster
    within = sums[cells] / np.maximum(sizes[cluster] - 1, 1)
    means = sums / sizes
    means[cells] = np.inf
    nearest = means.min(axis=1)
    scale = np.maximum(np.maximum(within, nearest), np.finfo(float).tiny)
    return np.where(sizes[cluster] > 1, (nearest - within) / scale, 0.0)
