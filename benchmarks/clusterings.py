"""Which clustering serves best as the default: k-means, HDBSCAN and DBSCAN on 14 tables.

python benchmarks/clusterings.py [table …]

For each table, one default run without null models. For each clustering: the number of clusters
and the share of rows outside them, the adjusted Rand index (ARI) with the classes and between
repeated trainings, and the clusters that are reproducible. `silhouette` is k-means without the
labels, with the number of clusters of the highest silhouette.
"""

import logging
import sys
from dataclasses import dataclass, replace

import numpy as np
from defaults import BUILT_IN, SEEDS, experiment, results
from spaces import MADE, load_made

from aeexp.analysis.clustering.clusters import cluster, find
from aeexp.backend import choose
from aeexp.config.spec import DBSCAN, HDBSCAN, Backend, ClusteringSpec, KMeans
from aeexp.data import Floats, Integers

TABLES = (*BUILT_IN, "s_curve", "blobs", *MADE)


@dataclass(kw_only=True)
class WithoutLabels(ClusteringSpec):
    """k-means that does not see the labels."""

    def methods(self) -> str:
        return "k-means"


@cluster.register
def _(spec: WithoutLabels, z: Floats, seed: int) -> Integers:
    return find(KMeans(), z, None, seed)


CLUSTERINGS = {
    "kmeans": KMeans(),
    "silhouette": WithoutLabels(),
    "hdbscan": HDBSCAN(),
    "dbscan": DBSCAN(),
}


def main(tables: list[str]) -> None:
    """Print a line for each table and clustering."""
    for name in tables:
        artifacts = results(replace(experiment(name, *SEEDS), clustering=CLUSTERINGS))
        metrics = artifacts["metrics"].values
        consensus = artifacts["stability"].content["clusterings"]
        for method in CLUSTERINGS:
            numbers = {
                key: metrics.get(f"clustering.{method}.{key}", np.nan)
                for key in ("n_clusters", "noise_fraction", "ari")
            }
            numbers["seeds"] = metrics.get(f"stability.{method}.ari", np.nan)
            text = " ".join(f"{key} {value:.2f}" for key, value in numbers.items())
            clusters = consensus.get(method, {}).get("clusters", [])
            count = sum(one["reproducible"] for one in clusters)
            print(f"{name} {method} {text} reproducible {count}/{len(clusters)}", flush=True)


if __name__ == "__main__":
    choose(Backend.jax)
    logging.disable()
    load_made()
    main(sys.argv[1:] or [*TABLES])
