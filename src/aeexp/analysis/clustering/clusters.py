"""Which groups are there among the factors?"""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeGuard

import numpy as np
from sklearn import cluster as methods
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Mixture
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.clustering.knn_vote import NEIGHBOURS, nearest
from aeexp.analysis.clustering.separation import mean_silhouette
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import (
    DBSCAN,
    HDBSCAN,
    Agglomerative,
    ClusteringSpec,
    GaussianMixture,
    KMeans,
    Partition,
)
from aeexp.config.verb import verb
from aeexp.data import MOST_CLASSES, Classes, Floats, Integers, Labels

log = logging.getLogger(__name__)

MOST_CLUSTERS = 10  # tried when nothing says how many there are
MOST_TRIED = 20_000  # rows that are clustered to see how many clusters there are


def find(spec: ClusteringSpec, z: Floats, labels: Labels | None, seed: int) -> Integers:
    """Return the cluster of each row, counted from 0; -1 is noise.

    The labels never decide which rows belong together: where the spec leaves the number of
    clusters open they say how many to seek; without them the best silhouette does.
    Of rows that are the same there may be fewer clusters than were sought.
    Of many rows, a clustering that needs their square finds the clusters of a random sample, and
    the others go with their nearest in it. z: (rows, factors).
    """
    most = spec.most_rows or len(z)
    known = chosen(len(z), most)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # n_clusters tells how many there are
        codes = cluster(_told(spec, z[known], labels, seed), z[known], seed)
    if len(known) == len(z):
        return codes
    log.warning(
        "%s: clustered %s of %s rows, chosen at random; each other row has the cluster of most of"
        " its %d nearest among them.",
        type(spec).__name__,
        f"{most:,}",
        f"{len(z):,}",
        NEIGHBOURS,
    )
    found, _ = nearest(z[known], codes, z)
    found[known] = codes
    return found


def find_each(
    specs: Mapping[str, ClusteringSpec], z: Floats, labels: Labels | None, seed: int
) -> dict[str, Integers]:
    """Return the clusters by each of several clusterings, by its name; see `find`."""
    return {name: find(spec, z, labels, seed) for name, spec in specs.items()}


def _told(spec: ClusteringSpec, z: Floats, labels: Labels | None, seed: int) -> ClusteringSpec:
    """Return a spec that says how many clusters to find, if it must."""
    if not isinstance(spec, Partition) or spec.n_clusters is not None:
        return spec
    if several_classes(labels):
        return replace(spec, n_clusters=min(len(labels.names), len(z)))
    z = z[chosen(len(z), MOST_TRIED)]
    tried = range(2, max(2, min(MOST_CLUSTERS, len(z) - 1)) + 1)
    specs = [replace(spec, n_clusters=k) for k in tried]
    return max(specs, key=lambda each: _apart(z, cluster(each, z, seed)))


def several_classes(labels: Labels | None) -> TypeGuard[Classes]:
    """Return whether labels are classes that tell of groups: neither one, nor one for each row."""
    return isinstance(labels, Classes) and 1 < len(labels.names) <= MOST_CLASSES


def _apart(z: Floats, codes: Integers) -> float:
    """Return the mean silhouette, or the least there is where it is undefined."""
    return float(np.nan_to_num(mean_silhouette(z, codes), nan=-1.0))


@verb
def cluster(spec: ClusteringSpec, z: Floats, seed: int) -> Integers:
    """Return the cluster of each row; a `Partition` must say its number of clusters."""
    message = f"No clustering for {type(spec).__name__}: register one with cluster.register."
    raise NotImplementedError(message)


@cluster.register
def _(spec: KMeans, z: Floats, seed: int) -> Integers:
    return methods.KMeans(spec.n_clusters, n_init=spec.n_init, random_state=seed).fit_predict(z)


@cluster.register
def _(spec: GaussianMixture, z: Floats, seed: int) -> Integers:
    mixture = Mixture(
        spec.n_clusters,
        covariance_type=spec.covariance.value,
        n_init=spec.n_init,
        random_state=seed,
    )
    return mixture.fit_predict(z.astype(np.float64))


@cluster.register
def _(spec: Agglomerative, z: Floats, seed: int) -> Integers:
    return methods.AgglomerativeClustering(
        spec.n_clusters, linkage=spec.linkage.value
    ).fit_predict(z)


@cluster.register
def _(spec: DBSCAN, z: Floats, seed: int) -> Integers:
    eps = spec.eps or knee(z, spec.min_samples)
    return methods.DBSCAN(eps=eps, min_samples=spec.min_samples).fit_predict(z)


@cluster.register
def _(spec: HDBSCAN, z: Floats, seed: int) -> Integers:
    return methods.HDBSCAN(
        min_cluster_size=min(spec.min_cluster_size, len(z)),
        min_samples=spec.min_samples and min(spec.min_samples, len(z)),
        copy=True,
    ).fit_predict(z)


def knee(z: Floats, neighbours: int) -> float:
    """Return the distance at which the sorted distances to a row's n-th neighbour turn up.

    The row itself counts as its first neighbour, as it does for DBSCAN. Ester et al. (1996) read
    the knee off a plot; here it is the point farthest below the chord of the curve (Satopaa et
    al., 2011). z: (rows, factors); returns a positive distance, in latent units.
    """
    search = NearestNeighbors(n_neighbors=min(neighbours, len(z))).fit(z)
    distances = np.sort(search.kneighbors(z)[0][:, -1])
    chord = np.linspace(distances[0], distances[-1], len(distances))
    return float(max(distances[np.argmax(chord - distances)], np.finfo(np.float32).eps))
