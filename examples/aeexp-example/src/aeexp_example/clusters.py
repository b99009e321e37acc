"""Implementation of bisecting k-means."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import BisectingKMeans

from aeexp.analysis.clustering.clusters import cluster
from aeexp_example import Bisecting


@cluster.register
def _(spec: Bisecting, z: NDArray[np.floating], seed: int) -> NDArray[np.integer]:
    return BisectingKMeans(spec.n_clusters, n_init=spec.n_init, random_state=seed).fit_predict(z)
