"""Reproducibility of clusters between trainings.

Each member of a run (repeat or resample) clusters the same rows in its own latent space. Cluster
numbers are arbitrary, so that clusterings are compared by which rows share a cluster: per pair of
clusterings by the adjusted Rand index, per cluster by its best Jaccard index in each other
clustering, per row by its co-assignment, and per pair of rows by the consensus matrix.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aeexp.analysis.clustering.partitions import adjusted_rand, contingency
from aeexp.analysis.clustering.separation import NOISE
from aeexp.analysis.latent.spaces import pairs
from aeexp.analysis.sampling import chosen
from aeexp.analysis.spread import Spread, spread
from aeexp.data import Floats, Integers

VALID = 0.75  # mean Jaccard index of a stable cluster according to Hennig's fpc::clusterboot
MOST_ROWS = 500  # of a consensus matrix, whose size is quadratic
CLEAR = 0.1, 0.9  # a pair of rows is (almost) never or (almost) always together


@dataclass(frozen=True)
class Cluster:
    """Reproducibility of a cluster.

    jaccard: (others,), Jaccard index with the most similar cluster of each other clustering, from
    0 to 1: rows in both over rows in either.
    """

    code: int
    rows: int
    jaccard: Floats

    @property
    def mean(self) -> float:
        """Return the mean Jaccard index, NaN without other clusterings."""
        return float(self.jaccard.mean()) if self.jaccard.size else np.nan

    @property
    def reproducible(self) -> bool:
        """Return whether the mean Jaccard index is at least 0.75."""
        return self.mean >= VALID


@dataclass(frozen=True)
class Consensus:
    """Agreement of several clusterings of the same rows. The first clustering is judged.

    ari: adjusted Rand index over pairs of clusterings; noise counts as one cluster. pac:
    proportion of ambiguous pairs: share of pairs of `shown` rows that are together in more than
    0.1 and at most 0.9 of the clusterings, from 0 (clear) to 1. clusters: of the first clustering.
    co_assignment: (rows,), mean share of the other rows of its cluster with which a row is
    together in the other clusterings, from 0 to 1; NaN for noise and clusters of one row. shown:
    (at most 500,), rows of the matrix, ordered by cluster, then by falling co-assignment, noise
    last. matrix: (shown, shown), share of clusterings in which two rows share a cluster; noise
    shares no cluster, not even with itself.
    """

    ari: Spread
    pac: float
    clusters: tuple[Cluster, ...]
    co_assignment: Floats
    shown: Integers
    matrix: Floats

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the content of stability.json."""
        return {
            "ari": self.ari.document,
            "pac": self.pac,
            "clusters": [
                {
                    "cluster": cluster.code,
                    "rows": cluster.rows,
                    "jaccard": cluster.mean,
                    "reproducible": cluster.reproducible,
                }
                for cluster in self.clusters
            ],
        }


def consensus(codes: Integers) -> Consensus:
    """Return the agreement of the clusterings of a run's members.

    Consensus matrix: Monti et al. (2003, doi:10.1023/A:1023949509487), over a fixed random sample
    of 500 rows if there are more. Proportion of ambiguous pairs: Șenbabaoğlu et al. (2014,
    doi:10.1038/srep06207). Clusterwise Jaccard index: Hennig (2007,
    doi:10.1016/j.csda.2006.11.025), whose fpc::clusterboot calls a cluster stable from 0.75 and
    highly stable from 0.85. A model that was trained on resampled rows clusters all rows.
    codes: (members, rows), -1 for noise. The first clustering is judged.
    """
    first, rest = codes[0], codes[1:]
    tables = [contingency(first, other) for other in rest]
    together = _co_assignment(codes, tables)
    shown = chosen(len(first), MOST_ROWS)
    order = np.lexsort((-together[shown], first[shown], first[shown] == NOISE))
    shown = shown[order]
    matrix = _matrix(codes[:, shown])
    return Consensus(
        ari=spread(
            [float(adjusted_rand(contingency(codes[i], codes[j]))) for i, j in pairs(len(codes))]
        ),
        pac=_pac(matrix),
        clusters=_clusters(first, tables),
        co_assignment=together,
        shown=shown,
        matrix=matrix,
    )


def _clusters(first: Integers, tables: Sequence[Integers]) -> tuple[Cluster, ...]:
    sizes = np.bincount(first + 1)[1:]
    jaccard = np.empty((len(sizes), len(tables)))
    for other, table in enumerate(tables):
        # index 0 of a table is noise, which is similar to no cluster
        shared, in_first, in_other = table[1:, 1:], table[1:].sum(axis=1), table[:, 1:].sum(axis=0)
        in_either = in_first[:, None] + in_other - shared
        jaccard[:, other] = (shared / np.maximum(in_either, 1)).max(axis=1, initial=0.0)
    return tuple(
        Cluster(int(code), int(sizes[code]), jaccard[code]) for code in np.flatnonzero(sizes)
    )


def _co_assignment(codes: Integers, tables: Sequence[Integers]) -> Floats:
    """Return the co-assignment of each row, from contingency tables: (rows,).

    The cell of a row's two clusters counts the rows that share both with it, itself included.
    """
    first = codes[0]
    together = np.zeros(len(first))
    for other, table in zip(codes[1:], tables, strict=True):
        together += np.where(other == NOISE, 0, table[first + 1, other + 1] - 1)
    possible = (np.bincount(first + 1)[first + 1] - 1) * len(tables)
    defined = (first != NOISE) & (possible > 0)
    return np.divide(together, possible, out=np.full(len(first), np.nan), where=defined)


def _matrix(codes: Integers) -> Floats:
    """Return the share of clusterings in which two rows share a cluster: (rows, rows)."""
    counts = np.zeros((codes.shape[1], codes.shape[1]))
    for clusters in codes:
        counts += (clusters[:, None] == clusters) & (clusters != NOISE)
    return counts / len(codes)


def _pac(matrix: Floats) -> float:
    """Return the proportion of ambiguous pairs, NaN for a single row."""
    between = matrix[np.triu_indices(len(matrix), 1)]
    low, high = CLEAR
    return float(((between > low) & (between <= high)).mean()) if between.size else np.nan
