"""How well the labels are told: scores, and their figure."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from aeexp import figures
from aeexp.analysis.clusters import find_each
from aeexp.analysis.matched import matched
from aeexp.analysis.probes import probes
from aeexp.analysis.scores import MAJORITY, Score
from aeexp.data import Classes, Integers
from aeexp.evidence.method import OURS, PCA, Method
from aeexp.findings import Findings

TABLE = "standardized input"
MOST_VALUES = 2_000_000
"""Of an input whose clusters are sought at most, to compare with those of the factors."""


def label_scores(found: Findings, pca: Method) -> list[Score]:
    """Return how well each label is told from the factors, the table and its principal components.

    By nearest neighbours, by a linear model and, where it is classes, by the clusters.
    """
    problem, experiment = found.problem, found.experiment
    inputs = {OURS: found.z, TABLE: problem.x, PCA: pca.z}
    with threadpool_limits(1):  # on few rows, threads wait for each other for most of the time
        of_clusters = _clusters(found, pca)
    with_copies = problem.rows, experiment.evidence.labels, experiment.seed
    return [
        score
        for labels in problem.data.labels
        for score in (
            *probes(inputs, labels, *with_copies),
            *(matched(of_clusters, labels, *with_copies) if isinstance(labels, Classes) else ()),
        )
    ]


def _clusters(found: Findings, pca: Method) -> dict[str, dict[str, Integers]]:
    """Return the clusters of each input by its name, by the clustering's name."""
    data, experiment = found.problem.data, found.experiment
    if not any(isinstance(labels, Classes) for labels in data.labels):
        return {}
    inputs = {OURS: found.clusters}
    if found.problem.x.size <= MOST_VALUES:
        inputs[TABLE] = find_each(
            experiment.clustering, found.problem.x, data.label, experiment.seed
        )
    if pca.z.size <= MOST_VALUES:
        inputs[PCA] = pca.clusters
    return {
        name: {of: codes[name] for of, codes in inputs.items()} for name in experiment.clustering
    }


def labels_figure(scores: Sequence[Score]) -> Figure:
    """Draw scores of rows held out, or of training rows where none are."""
    held_out = any(np.isfinite(each.held_out) for each in scores)
    groups = groupby(scores, lambda each: (each.label, each.number))
    told = [_told(label, number, [*group], held_out) for (label, number), group in groups]
    return figures.probes(told, "rows held out" if held_out else "training rows")


def _told(label: str, number: str, group: Sequence[Score], held_out: bool) -> figures.Told:
    values = {
        each.input: (each.held_out, each.held_out_se) if held_out else (each.train, np.nan)
        for each in group
    }
    majority, _ = values.pop(MAJORITY, (np.nan, np.nan))
    first, said = group[0], number.replace("knn", "nearest rows").replace("r2", "R²")
    return figures.Told(
        label, said, values, majority, first.permuted_mean, first.permuted_sd, first.p
    )
