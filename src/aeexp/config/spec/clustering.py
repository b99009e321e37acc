"""Clustering of the rows."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar, Self

from aeexp.config.spec._spec import Spec, option, param
from aeexp.text import counted, exact


class Linkage(Enum):
    """Distance between two clusters in agglomerative clustering."""

    ward = "ward"
    complete = "complete"
    average = "average"
    single = "single"


LINKAGES = {
    Linkage.ward: "Ward's linkage [@ward1963]",
    Linkage.complete: "complete linkage [@murtagh2012]",
    Linkage.average: "average linkage [@murtagh2012]",
    Linkage.single: "single linkage [@murtagh2012]",
}
"""Their names in a paper."""


class Covariance(Enum):
    """Covariance matrices of a Gaussian mixture."""

    full = "full"
    tied = "tied"
    diag = "diag"
    spherical = "spherical"


COVARIANCES = {
    Covariance.full: "a covariance of each component's own",
    Covariance.tied: "one covariance for all components",
    Covariance.diag: "diagonal covariances",
    Covariance.spherical: "spherical covariances",
}
"""Their names in a paper."""


class Space(Enum):
    """Geometry in which rows are clustered: that of their factors, or of their reconstructions.

    Latent factors have no unit: a linear map of them, undone in the decoder, changes their
    distances but not the model. Distances between reconstructions have the units of the scaled
    table.
    """

    latent = "latent"
    reconstruction = "reconstruction"


TRIED_STARTS = 3
"""Initialisations of k-means where numbers of clusters are compared."""
IN_OWN_SPACE = ("silhouette", "davies_bouldin", "calinski_harabasz")
"""Metrics of a clustering that are computed from distances in its space."""


@dataclass(kw_only=True)
class ClusteringSpec(Spec):
    """Clustering of the rows of a table; label -1 is noise.

    most_rows: rows clustered at most, for methods whose time or memory grows quadratically. Each
    further row joins the cluster of its nearest clustered row. None: no limit.
    """

    most_rows: ClassVar[int | None] = None

    space: Space = param(
        Space.reconstruction,
        "Distances between rows: of their latent factors or of their reconstructions.",
        redefines=[f"clustering.*.{name}" for name in IN_OWN_SPACE],
    )


@dataclass(kw_only=True)
class Partition(ClusteringSpec):
    """Clustering into a given number of clusters."""

    n_clusters: int | None = param(
        None,
        "Number of clusters. null: the number of classes; without labels or with more than 100"
        " classes, the number from 2 to 10 with the highest silhouette.",
        at_least=1,
    )

    def tried(self, n_clusters: int) -> Self:
        """Return the spec by which a number of clusters is compared with others."""
        return replace(self, n_clusters=n_clusters)


@option("clustering", "kmeans")
@dataclass(kw_only=True)
class KMeans(Partition):
    """k-means (Lloyd, 1982)."""

    n_init: int = param(10, "Number of random initialisations; the best is kept.", at_least=1)

    def tried(self, n_clusters: int) -> Self:
        """As the base class, with at most 3 initialisations, which take most of the time."""
        return replace(self, n_clusters=n_clusters, n_init=min(self.n_init, TRIED_STARTS))

    def methods(self) -> str:
        starts = f"the best of {counted(self.n_init, 'start')} by k-means++ [@arthur2007]"
        return f"k-means [@lloyd1982], {starts}"


@option("clustering", "dbscan")
@dataclass(kw_only=True)
class DBSCAN(ClusteringSpec):
    """DBSCAN: density-based clustering with one radius (Ester et al., 1996)."""

    most_rows = 20_000  # all neighbours within the radius are stored

    eps: float | None = param(
        None,
        "Radius of a neighbourhood, in units of the space. null: the knee of the sorted distances"
        " to the min_samples-th neighbour.",
        above=0,
    )
    min_samples: int = param(
        5, "Minimum rows within eps of a core point, itself included.", at_least=1
    )

    def methods(self) -> str:
        rows = counted(self.min_samples, "row")
        radius = f"of {exact(self.eps)}" if self.eps is not None else ""
        knee = f"at the knee [@satopaa2011] of the sorted radii around rows that hold {rows}"
        return f"DBSCAN [@ester1996], with at least {rows} within a radius {radius or knee}"


@option("clustering", "hdbscan")
@dataclass(kw_only=True)
class HDBSCAN(ClusteringSpec):
    """HDBSCAN: hierarchical density-based clustering (Campello et al., 2013)."""

    most_rows = 20_000  # about one second

    min_cluster_size: int = param(10, "Minimum rows in a cluster.", at_least=2)
    min_samples: int | None = param(
        None, "Neighbours that define the density. null: min_cluster_size.", at_least=1
    )

    def methods(self) -> str:
        size = self.min_cluster_size
        return (
            f"HDBSCAN [@campello2013], with at least {counted(size, 'row')} in a cluster and"
            f" densities from {counted(self.min_samples or size, 'neighbour')}"
        )


@option("clustering", "gaussian_mixture")
@dataclass(kw_only=True)
class GaussianMixture(Partition):
    """Gaussian mixture fitted by expectation-maximisation (Dempster et al., 1977)."""

    covariance: Covariance = param(Covariance.full, "Covariance matrices of the components.")
    n_init: int = param(5, "Number of random initialisations; the best is kept.", at_least=1)

    def methods(self) -> str:
        return (
            f"a Gaussian mixture with {COVARIANCES[self.covariance]}, fitted by expectation–"
            f"maximisation [@dempster1977], the best of {counted(self.n_init, 'start')}"
        )


@option("clustering", "agglomerative")
@dataclass(kw_only=True)
class Agglomerative(Partition):
    """Agglomerative hierarchical clustering."""

    most_rows = 5_000  # their distances take 0.2 GB

    linkage: Linkage = param(Linkage.ward, "Distance between two clusters.")

    def methods(self) -> str:
        return f"agglomerative clustering with {LINKAGES[self.linkage]}"
