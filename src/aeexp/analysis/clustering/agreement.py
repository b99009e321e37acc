"""Agreement of clusters with classes."""

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
    """Return the agreement of clusters with classes; noise counts as one cluster.

    Rows without a class are ignored; if no row has a class, all values are NaN.

    ari: Hubert and Arabie (1985). ami, nmi: Vinh et al. (2010). homogeneity, completeness,
    v_measure: Rosenberg and Hirschberg (2007). fowlkes_mallows: Fowlkes and Mallows (1983).
    accuracy: share of rows whose cluster is matched with their class; noise is not matched. All
    are 1 for perfect agreement. codes: (rows,).
    """
    labelled = classes.codes >= 0
    if not labelled.any():
        return dict.fromkeys(NAMES, np.nan)
    truth, clusters, matched = classes.codes[labelled], codes[labelled], matching(codes, classes)
    indices = {key: float(index(truth, clusters)) for key, index in INDICES.items()}
    predicted = np.array([matched.get(code, -1) for code in clusters.tolist()])
    return indices | {"accuracy": float(np.mean(predicted == truth))}


def matching(codes: Integers, classes: Classes) -> Mapping[int, int]:
    """Return the class of each cluster in the best one-to-one matching (Kuhn, 1955).

    Noise is not matched. If there are more clusters than classes, the remaining ones are not.
    """
    clusters = [int(c) for c in np.unique(codes) if c != NOISE]
    shared = np.zeros((len(clusters), len(classes.names)), int)
    counted = (codes != NOISE) & (classes.codes >= 0)
    np.add.at(shared, (np.searchsorted(clusters, codes[counted]), classes.codes[counted]), 1)
    rows, columns = linear_sum_assignment(-shared)
    return {clusters[i]: int(k) for i, k in zip(rows, columns, strict=True)}
