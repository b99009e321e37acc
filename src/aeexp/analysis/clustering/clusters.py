"""Clustering of the rows."""

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
from aeexp.analysis.clustering.separation import mean_silhouettes
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import (
    DBSCAN,
    HDBSCAN,
    Agglomerative,
    ClusteringSpec,
    GaussianMixture,
    KMeans,
    Partition,
    Space,
)
from aeexp.config.verb import verb
from aeexp.data import MOST_CLASSES, Classes, Floats, Integers, Labels

log = logging.getLogger(__name__)

MOST_CLUSTERS = 10  # tried if the number of clusters is unknown
MOST_TRIED = 20_000  # rows on which numbers of clusters are tried


def find(spec: ClusteringSpec, z: Floats, labels: Labels | None, seed: int) -> Integers:
    """Return the cluster of each row, from 0; -1 is noise.

    Labels do not decide which rows belong together. If the spec does not set the number of
    clusters, it is the number of classes, or without classes the number with the best silhouette.
    There can be fewer clusters than requested if rows are identical.
    Algorithms of quadratic cost cluster a random sample of many rows; every other row gets the
    cluster of most of its nearest neighbours in the sample. z: (rows, factors).
    """
    most = spec.most_rows or len(z)
    sample = chosen(len(z), most)
    with warnings.catch_warnings():
        # k-means warns of fewer clusters than requested, which the metric n_clusters reports
        warnings.simplefilter("ignore", ConvergenceWarning)
        codes = cluster(_with_number(spec, z[sample], labels, seed), z[sample], seed)
    if len(sample) == len(z):
        return codes
    log.warning(
        "%s: clustered a random sample of %s of %s rows; every other row has the cluster of most"
        " of its %d nearest neighbours in the sample.",
        type(spec).__name__,
        f"{most:,}",
        f"{len(z):,}",
        NEIGHBOURS,
    )
    every, _ = nearest(z[sample], codes, z)
    every[sample] = codes
    return every


def find_each(
    specs: Mapping[str, ClusteringSpec],
    points: Mapping[Space, Floats],
    labels: Labels | None,
    seed: int,
) -> dict[str, Integers]:
    """Return the clusters of several clusterings by name, each in its own space; see `find`.

    points: (rows, coordinates) of the same rows, by space.
    """
    return {name: find(spec, points[spec.space], labels, seed) for name, spec in specs.items()}


def _with_number(
    spec: ClusteringSpec, z: Floats, labels: Labels | None, seed: int
) -> ClusteringSpec:
    """Return a spec with the number of clusters, if it needs one."""
    if not isinstance(spec, Partition) or spec.n_clusters is not None:
        return spec
    if has_several_classes(labels):
        return replace(spec, n_clusters=min(len(labels.names), len(z)))
    z = z[chosen(len(z), MOST_TRIED)]
    most = max(2, min(MOST_CLUSTERS, len(z) - 1))
    numbers = range(2, most + 1)
    codes = [cluster(spec.tried(k), z, seed) for k in numbers]
    silhouettes = np.nan_to_num(mean_silhouettes(z, codes), nan=-1.0)
    return replace(spec, n_clusters=numbers[int(silhouettes.argmax())])


def has_several_classes(labels: Labels | None) -> TypeGuard[Classes]:
    """Return whether labels have 2 to 100 classes, of two rows or more on average."""
    if not isinstance(labels, Classes) or labels.are_names:
        return False
    return 1 < len(labels.names) <= MOST_CLASSES


@verb
def cluster(spec: ClusteringSpec, z: Floats, seed: int) -> Integers:
    """Return the cluster of each row. A `Partition` must have a number of clusters."""
    raise NotImplementedError(
        f"No clustering for {type(spec).__name__}: register one with cluster.register."
    )


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
    """Return the knee of the sorted distances to a row's n-th neighbour, for DBSCAN's eps.

    A row is its own first neighbour, as in DBSCAN. Ester et al. (1996) read the knee from a plot.
    Here it is the point farthest below the chord of the curve (Satopaa et al., 2011).
    z: (rows, factors). Returns a positive distance in latent units.
    """
    search = NearestNeighbors(n_neighbors=min(neighbours, len(z))).fit(z)
    distances = np.sort(search.kneighbors(z)[0][:, -1])
    chord = np.linspace(distances[0], distances[-1], len(distances))
    return float(max(distances[np.argmax(chord - distances)], np.finfo(np.float32).eps))
