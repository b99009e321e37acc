"""How groups are sought among the latent factors."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from aeexp.config.spec._spec import Spec, option, param
from aeexp.text import counted, exact


class Linkage(Enum):
    """What agglomerative clustering takes for the distance of two clusters."""

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
"""What each is called in a paper."""


class Covariance(Enum):
    """The shapes a Gaussian mixture's components may take."""

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
"""What each is called in a paper."""


@dataclass(kw_only=True)
class ClusteringSpec(Spec):
    """A partition of the rows by their latent factors; -1 marks noise.

    most_rows: rows that are clustered where time or memory grow with their square; each other row
    goes with its nearest among them. None is all.
    """

    most_rows: ClassVar[int | None] = None


@dataclass(kw_only=True)
class Partition(ClusteringSpec):
    """A clustering that is told how many clusters to find."""

    n_clusters: int | None = param(
        None,
        "Number of clusters; null takes the number of classes, or without labels, or with more"
        " than 100 classes, the number from 2 to 10 with the best silhouette.",
        at_least=1,
    )


@option("clustering", "kmeans")
@dataclass(kw_only=True)
class KMeans(Partition):
    """Rows to the nearest of k means (Lloyd, 1982)."""

    n_init: int = param(10, "Starts, of which the best is kept.", at_least=1)

    def methods(self) -> str:
        starts = f"the best of {counted(self.n_init, 'start')} by k-means++ [@arthur2007]"
        return f"k-means [@lloyd1982], {starts}"


@option("clustering", "dbscan")
@dataclass(kw_only=True)
class DBSCAN(ClusteringSpec):
    """Dense regions; rows in none of them are noise (Ester et al., 1996)."""

    most_rows = 20_000  # all neighbours within the radius are held

    eps: float | None = param(
        None,
        "Radius of a neighbourhood, in latent units; null takes the knee of the sorted distances"
        " to the min_samples-th neighbour.",
        above=0,
    )
    min_samples: int = param(
        5, "Rows a neighbourhood needs to be dense, itself included.", at_least=1
    )

    def methods(self) -> str:
        rows = counted(self.min_samples, "row")
        radius = f"of {exact(self.eps)}" if self.eps is not None else ""
        knee = f"at the knee [@satopaa2011] of the sorted radii around rows that hold {rows}"
        return f"DBSCAN [@ester1996], with at least {rows} within a radius {radius or knee}"


@option("clustering", "hdbscan")
@dataclass(kw_only=True)
class HDBSCAN(ClusteringSpec):
    """Dense regions at every density; rows in none of them are noise (Campello et al., 2013)."""

    most_rows = 20_000  # which take a second

    min_cluster_size: int = param(10, "Rows of the smallest cluster.", at_least=2)
    min_samples: int | None = param(
        None, "Neighbours that measure density; null takes min_cluster_size.", at_least=1
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
    """Rows to the likeliest of k Gaussians fitted by expectation-maximisation."""

    covariance: Covariance = param(Covariance.full, "Shape of the components.")
    n_init: int = param(5, "Starts, of which the best is kept.", at_least=1)

    def methods(self) -> str:
        return (
            f"a Gaussian mixture with {COVARIANCES[self.covariance]}, fitted by expectation–"
            f"maximisation [@dempster1977], the best of {counted(self.n_init, 'start')}"
        )


@option("clustering", "agglomerative")
@dataclass(kw_only=True)
class Agglomerative(Partition):
    """Clusters merged pair by pair, nearest first."""

    most_rows = 5_000  # whose distances fill a fifth of a gigabyte

    linkage: Linkage = param(Linkage.ward, "Distance between two clusters.")

    def methods(self) -> str:
        return f"agglomerative clustering with {LINKAGES[self.linkage]}"
