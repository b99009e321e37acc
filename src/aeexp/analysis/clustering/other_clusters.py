"""Clusters in another space than the clustering's: are the factors needed to find the groups?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from aeexp.analysis.clustering.clusters import find
from aeexp.analysis.clustering.partitions import adjusted_rand, contingency
from aeexp.analysis.clustering.separation import NOISE
from aeexp.config.spec import DBSCAN, ClusteringSpec, GaussianMixture, Partition
from aeexp.data import Classes, Floats, Integers, Labels
from aeexp.data.design import Design

MOST_VALUES = 500_000
"""Larger tables are not clustered."""
MOST_FEATURES = 100
"""Wider tables are not clustered by Gaussian mixtures, with their covariance of all features."""
SAME = 0.9
"""Adjusted Rand index from which two clusterings count as the same groups."""
SIMILAR = 0.6
"""Adjusted Rand index from which two clusterings count as similar groups."""
DRAWS = 1_000  # bootstrap samples
INTERVAL = 2.5, 97.5
"""Percentiles of the bootstrap samples that limit the 95 % interval."""


def other_clusters(
    specs: Mapping[str, ClusteringSpec],
    points: Floats,
    clusters: Mapping[str, Integers],
    labels: Labels | None,
    seed: int,
) -> dict[str, Integers]:
    """Return the clusters of other coordinates, by the name of the clustering; see `find`.

    A number of clusters that the spec leaves open is that of `clusters`, so that the two can be
    compared. A radius is chosen anew, as distances have other units. Coordinates of more than
    500,000 values are not clustered, and more than 100 coordinates not by Gaussian mixtures.
    points: (rows, coordinates), such as the scaled table. clusters: (rows,) by name, in the spaces
    of the clusterings.
    """
    with threadpool_limits(1):  # on few rows, threads mostly wait for each other
        return {
            name: find(_elsewhere(spec, clusters[name]), points, labels, seed)
            for name, spec in specs.items()
            if _is_small(points, spec)
        }


def _is_small(x: Floats, spec: ClusteringSpec) -> bool:
    wide = isinstance(spec, GaussianMixture) and x.shape[1] > MOST_FEATURES
    return x.size <= MOST_VALUES and not wide


def _elsewhere(spec: ClusteringSpec, codes: Integers) -> ClusteringSpec:
    if isinstance(spec, DBSCAN):
        return replace(spec, eps=None)
    if not isinstance(spec, Partition) or spec.n_clusters is not None:
        return spec
    return replace(spec, n_clusters=max(1, len(np.unique(codes[codes != NOISE]))))


@dataclass(frozen=True)
class GroupComparison:
    """The clusters of a model compared with those of the table.

    agreement: adjusted Rand index of the two. factors, table: of either with the classes. low,
    high: 95 % interval of `factors` minus `table`. NaN without classes.
    """

    agreement: float
    factors: float = np.nan
    table: float = np.nan
    low: float = np.nan
    high: float = np.nan

    @property
    def better(self) -> str:
        """Return which agrees better with the classes: factors or table, "" if undecided."""
        if self.low > 0:
            return "factors"
        return "table" if self.high < 0 else ""


def compare(
    trainings: Integers, table: Integers, classes: Classes | None, design: Design, seed: int
) -> GroupComparison:
    """Return how the clusters of a model differ from those of the table.

    The interval is that of a bootstrap (Efron and Tibshirani, 1993) over rows and trainings: each
    of 1,000 samples draws the rows with replacement, and one of the trainings. Rows without a
    class are ignored; noise counts as a cluster.
    trainings: (trainings, rows), clusters of the models, that of the run first. table: (rows,).
    design: of the rows, whose units are drawn as a whole.
    """
    agreement = float(adjusted_rand(contingency(trainings[0], table)))
    rows = np.flatnonzero(classes.codes >= 0) if classes else np.arange(0)
    if not classes or not rows.size:
        return GroupComparison(agreement)
    codes, generator = classes.codes[rows], np.random.default_rng(seed)
    trainings, table, design = trainings[:, rows], table[rows], design.take(rows)
    differences = np.empty(DRAWS)
    chosen = generator.integers(len(trainings), size=DRAWS)
    samples = design.resamples(np.arange(len(rows)), generator)
    for draw, (training, sample) in enumerate(zip(chosen, samples, strict=False)):
        drawn = codes[sample]
        differences[draw] = _rand(trainings[training][sample], drawn) - _rand(table[sample], drawn)
    low, high = np.percentile(differences, INTERVAL)
    return GroupComparison(
        agreement, _rand(trainings[0], codes), _rand(table, codes), float(low), float(high)
    )


def _rand(a: Integers, b: Integers) -> float:
    return float(adjusted_rand(contingency(a, b)))
