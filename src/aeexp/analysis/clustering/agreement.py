"""Do the clusters agree with the classes?"""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn import metrics

from aeexp.analysis.clustering.separation import NOISE
from aeexp.data import Classes, Integers

INDICES = {
    "ari": metrics.adjusted_rand_score,
    "ami": metrics.adjusted_mutual_info_score,
    "nmi": metrics.normalized_mutual_info_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "v_measure": metrics.v_measure_score,
    "fowlkes_mallows": metrics.fowlkes_mallows_score,
}
NAMES = (*INDICES, "accuracy")


def agreement(codes: Integers, classes: Classes) -> Mapping[str, float]:
    """Return how well clusters and classes agree; noise counts as one cluster.

    Rows that belong to no class are left out; without any other, nothing is a number.

    ari: Hubert and Arabie (1985). ami, nmi: Vinh et al. (2010). homogeneity, completeness,
    v_measure: Rosenberg and Hirschberg (2007). fowlkes_mallows: Fowlkes and Mallows (1983).
    accuracy: the share of rows whose cluster is matched with their class; noise is matched with
    none. All are 1 for perfect agreement. codes: (rows,).
    """
    known = classes.codes >= 0
    if not known.any():
        return dict.fromkeys(NAMES, np.nan)
    truth, found, partner = classes.codes[known], codes[known], matching(codes, classes)
    indices = {key: float(index(truth, found)) for key, index in INDICES.items()}
    right = [partner.get(c) == k for c, k in zip(found.tolist(), truth.tolist(), strict=True)]
    return indices | {"accuracy": float(np.mean(right))}


def matching(codes: Integers, classes: Classes) -> Mapping[int, int]:
    """Return the class of each cluster under the best one-to-one matching (Kuhn, 1955).

    Clusters in excess of the classes, and noise, have none.
    """
    clusters = [int(c) for c in np.unique(codes) if c != NOISE]
    shared = np.zeros((len(clusters), len(classes.names)), int)
    known = (codes != NOISE) & (classes.codes >= 0)
    np.add.at(shared, (np.searchsorted(clusters, codes[known]), classes.codes[known]), 1)
    rows, columns = linear_sum_assignment(-shared)
    return {clusters[i]: int(k) for i, k in zip(rows, columns, strict=True)}
