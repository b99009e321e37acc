"""Are the clusters apart? Measured without labels."""

import logging
from collections.abc import Mapping

import numpy as np
from sklearn import metrics

from aeexp.data import Floats, Integers
from aeexp.names import printable

log = logging.getLogger(__name__)

NOISE = -1
SAMPLE = 10_000  # rows a silhouette is taken over: its cost is quadratic in them


def silhouette(z: Floats, codes: Integers) -> float:
    """Return the mean silhouette, over a fixed random sample of rows where there are many."""
    if not 2 <= len(np.unique(codes)) < len(codes):
        return np.nan
    sample = SAMPLE if len(z) > SAMPLE else None
    return float(metrics.silhouette_score(z, codes, sample_size=sample, random_state=0))


INDICES = {
    "silhouette": silhouette,
    "davies_bouldin": metrics.davies_bouldin_score,
    "calinski_harabasz": metrics.calinski_harabasz_score,
}
NAMES = ("n_clusters", "noise_fraction", *INDICES)


def separation(z: Floats, codes: Integers, name: str) -> Mapping[str, float]:
    """Return how far the clusters of a clustering are apart; noise belongs to none.

    Silhouette (Rousseeuw, 1987; -1 to 1, more is better), Davies-Bouldin (1979; from 0, less is
    better) and Calinski-Harabasz (1974; from 0, more is better) need 2 clusters and a row more
    than clusters; otherwise they are not a number, and the log says why.
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
            ", ".join(INDICES),
            counted["n_clusters"],
            inside.sum(),
        )
        return counted | dict.fromkeys(INDICES, np.nan)
    return counted | {
        key: float(index(z[inside], codes[inside])) for key, index in INDICES.items()
    }
