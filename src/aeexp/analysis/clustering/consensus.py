"""Do the same rows come together, whichever model clusters them?"""

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

VALID = 0.75  # mean Jaccard from which Hennig's fpc::clusterboot calls a cluster valid and stable
MOST_ROWS = 500  # of a consensus matrix, which grows with their square
CLEAR = 0.1, 0.9  # of a pair of rows: (almost) never, (almost) always together


@dataclass(frozen=True)
class Cluster:
    """How well a cluster is found again.

    jaccard: (others,), its likeness to the most similar cluster of each other clustering, from 0
    to 1: rows in both over rows in either.
    """

    code: int
    rows: int
    jaccard: Floats

    @property
    def mean(self) -> float:
        """Return the mean likeness; not a number without others."""
        return float(self.jaccard.mean()) if self.jaccard.size else np.nan

    @property
    def reproducible(self) -> bool:
        """Return whether the mean likeness is at least 0.75."""
        return self.mean >= VALID


@dataclass(frozen=True)
class Consensus:
    """How several clusterings of the same rows agree, of which the first is judged.

    ari: adjusted Rand index over all pairs of clusterings, noise counting as one cluster. pac:
    share of the pairs of `shown` rows that are together in more than 0.1 and at most 0.9 of the
    clusterings, from 0, clear, to 1. clusters: of the first clustering. co_assignment: (rows,),
    how often on average the other clusterings put a row together with a row of its cluster, from
    0 to 1; not a number for noise and where a cluster is a single row. shown: (at most 500,),
    which rows the matrix is of, ordered by cluster, in it by falling co-assignment, noise last.
    matrix: (shown, shown), the share of clusterings which have two rows in one cluster; noise is
    in none, not even with itself.
    """

    ari: Spread
    pac: float
    clusters: tuple[Cluster, ...]
    co_assignment: Floats
    shown: Integers
    matrix: Floats

    @property
    def document(self) -> Mapping[str, Any]:
        """Return its numbers as stability.json has them."""
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
    """Return how clusterings of the same rows agree, of which each member of a run has one.

    Consensus matrix: Monti et al. (2003, doi:10.1023/A:1023949509487), over a fixed random choice
    of 500 rows where there are more; proportion of ambiguous pairs: Șenbabaoğlu et al. (2014,
    doi:10.1038/srep06207). Clusterwise Jaccard: Hennig (2007, doi:10.1016/j.csda.2006.11.025),
    whose fpc::clusterboot calls a cluster valid and stable from 0.75, highly stable from 0.85.
    A model that was trained on resampled rows clusters all rows, as any other.
    codes: (members, rows), -1 for noise, the first the clustering that is judged.
    """
    first, others = codes[0], codes[1:]
    tables = [contingency(first, other) for other in others]
    together = _co_assignment(codes, tables)
    shown = chosen(len(first), MOST_ROWS)
    order = np.lexsort((-together[shown], first[shown], first[shown] == NOISE))
    shown = shown[order]
    matrix = _matrix(codes[:, shown])
    between = pairs(len(codes))
    return Consensus(
        ari=spread([float(adjusted_rand(contingency(codes[i], codes[j]))) for i, j in between]),
        pac=_pac(matrix),
        clusters=_clusters(first, tables),
        co_assignment=together,
        shown=shown,
        matrix=matrix,
    )


def _clusters(first: Integers, tables: Sequence[Integers]) -> tuple[Cluster, ...]:
    sizes = np.bincount(first + 1)[1:]
    likeness = np.empty((len(sizes), len(tables)))
    for other, table in enumerate(tables):
        likeness[:, other] = _jaccard(table)
    return tuple(
        Cluster(int(code), int(sizes[code]), likeness[code]) for code in np.flatnonzero(sizes)
    )


def _jaccard(table: Integers) -> Floats:
    """Return how like each cluster's most similar one is: (clusters,); noise is like none."""
    shared, in_first, in_other = table[1:, 1:], table[1:].sum(axis=1), table[:, 1:].sum(axis=0)
    in_either = in_first[:, None] + in_other - shared
    return (shared / np.maximum(in_either, 1)).max(axis=1, initial=0.0)


def _co_assignment(codes: Integers, tables: Sequence[Integers]) -> Floats:
    """Return how often rows are together with those of their cluster, from counts alone: (rows,).

    A row is with as many others of its cluster as the other clustering has both in common.
    """
    first = codes[0]
    company = np.zeros(len(first))
    for other, table in zip(codes[1:], tables, strict=True):
        company += np.where(other == NOISE, 0, table[first + 1, other + 1] - 1)
    possible = (np.bincount(first + 1)[first + 1] - 1) * len(tables)
    defined = (first != NOISE) & (possible > 0)
    return np.divide(company, possible, out=np.full(len(first), np.nan), where=defined)


def _matrix(codes: Integers) -> Floats:
    """Return the share of clusterings which have two rows together: (rows, rows)."""
    counts = np.zeros((codes.shape[1], codes.shape[1]))
    for each in codes:
        counts += (each[:, None] == each) & (each != NOISE)
    return counts / len(codes)


def _pac(matrix: Floats) -> float:
    """Return the share of pairs of rows that are unclear, not a number if there is no pair."""
    between = matrix[np.triu_indices(len(matrix), 1)]
    low, high = CLEAR
    return float(((between > low) & (between <= high)).mean()) if between.size else np.nan
