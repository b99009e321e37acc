"""How well would clusters agree with classes that were given to the rows at random?"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import entr
from scipy.stats import random_table
from sklearn.metrics.cluster import expected_mutual_information

from aeexp.analysis.partitions import adjusted_rand, contingency
from aeexp.data import Classes, Floats, Integers


def permuted_agreement(
    codes: Integers, classes: Classes, index: str, copies: int, generator: np.random.Generator
) -> Floats:
    """Return an index of `agreement` for classes that are dealt out anew to the rows: (copies,).

    There are as many rows in each cluster and of each class as before. The index asks no more of
    a permutation than its contingency table, and tables with given margins are drawn directly
    (Patefield, 1981, doi:10.2307/2346669), so that the time for a copy hardly grows with the rows.
    Rows that belong to no class are left out; without any other, nothing is a number.
    codes: (rows,), -1 for noise. index: one of `agreement.NAMES`.
    """
    table = contingency(codes, classes.codes)[:, 1:]
    if not table.any():
        return np.full(copies, np.nan)
    return INDICES[index](permuted_tables(table, copies, generator))


def permuted_tables(table: Integers, copies: int, generator: np.random.Generator) -> Integers:
    """Return tables with the margins of one: (copies, clusters + 1, classes + 1), the last empty.

    table: (clusters, classes), of at least one row.
    """
    # SciPy 1.17 draws wrong numbers where there is one cluster or class only: add an empty one
    margins = [np.append(table.sum(axis), 0) for axis in (1, 0)]
    drawn = random_table(*margins).rvs(copies, method="patefield", random_state=generator)
    return drawn.astype(np.int64)


def _mutual(tables: Integers) -> tuple[Floats, Floats, Floats]:
    """Return the mutual information of clusters and classes, and the entropy of each: (…)."""
    shares = tables / tables.sum((-2, -1), keepdims=True)
    of_clusters, of_classes = (entr(shares.sum(axis)).sum(-1) for axis in (-1, -2))
    return of_clusters + of_classes - entr(shares).sum((-2, -1)), of_clusters, of_classes


def _share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, 1 where there is nothing to share."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), 1.0)


def _homogeneity(tables: Integers) -> Floats:
    mutual, _, of_classes = _mutual(tables)
    return _share(mutual, of_classes)


def _completeness(tables: Integers) -> Floats:
    mutual, of_clusters, _ = _mutual(tables)
    return _share(mutual, of_clusters)


def _v_measure(tables: Integers) -> Floats:
    mutual, of_clusters, of_classes = _mutual(tables)
    return _share(2 * mutual, of_clusters + of_classes)


def _adjusted_mutual_information(tables: Integers) -> Floats:
    mutual, of_clusters, of_classes = _mutual(tables)
    first = tables[0]
    filled = first[first.any(axis=1)][:, first.any(axis=0)]  # the others have no logarithm
    expected = expected_mutual_information(filled, int(filled.sum()))
    return _share(mutual - expected, (of_clusters + of_classes) / 2 - expected)


def _fowlkes_mallows(tables: Integers) -> Floats:
    parts = tables, tables.sum(-1, keepdims=True), tables.sum(-2, keepdims=True)
    both, in_cluster, in_class = ((part * (part - 1.0)).sum((-2, -1)) for part in parts)
    return both / np.sqrt(np.maximum(in_cluster * in_class, 1))


def _accuracy(tables: Integers) -> Floats:
    """Return the share of rows whose cluster is matched with their class; noise is with none."""
    right = [table[linear_sum_assignment(-table)].sum() for table in tables[:, 1:]]
    return np.array(right) / tables.sum((-2, -1))


INDICES: Mapping[str, Callable[[Integers], Floats]] = {
    "ari": adjusted_rand,
    "ami": _adjusted_mutual_information,
    "nmi": _v_measure,  # with the mean of the entropies, as here, they are the same
    "homogeneity": _homogeneity,
    "completeness": _completeness,
    "v_measure": _v_measure,
    "fowlkes_mallows": _fowlkes_mallows,
    "accuracy": _accuracy,
}
"""Of contingency tables that have their margins in common, noise first: (copies, …) -> (copies,).

As in `agreement`, but of all copies at once."""
