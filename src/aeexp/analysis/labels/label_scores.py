"""How well the labels of a run are told."""

from threadpoolctl import threadpool_limits

from aeexp.analysis.clustering.clusters import find_each
from aeexp.analysis.evidence.method import AUTOENCODER, PCA, Method
from aeexp.analysis.labels.matched import matched
from aeexp.analysis.labels.probes import probes
from aeexp.analysis.labels.scores import Score
from aeexp.analysis.result import RunResult
from aeexp.data import Classes, Integers

TABLE = "standardized input"
MOST_VALUES = 2_000_000
"""Of an input whose clusters are sought at most, to compare with those of the factors."""


def label_scores(result: RunResult, pca: Method) -> list[Score]:
    """Return how well each label is told from the factors, the table and its principal components.

    By nearest neighbours, by a linear model and, where it is classes, by the clusters.
    """
    problem, experiment = result.problem, result.experiment
    inputs = {AUTOENCODER: result.z, TABLE: problem.x, PCA: pca.z}
    with threadpool_limits(1):  # on few rows, threads wait for each other for most of the time
        of_clusters = _clusters(result, pca)
    with_copies = problem.rows, experiment.evidence.labels, experiment.seed
    return [
        score
        for labels in problem.data.labels
        for score in (
            *probes(inputs, labels, *with_copies),
            *(matched(of_clusters, labels, *with_copies) if isinstance(labels, Classes) else ()),
        )
    ]


def _clusters(result: RunResult, pca: Method) -> dict[str, dict[str, Integers]]:
    """Return the clusters of each input by its name, by the clustering's name."""
    data, experiment = result.problem.data, result.experiment
    if not any(isinstance(labels, Classes) for labels in data.labels):
        return {}
    inputs = {AUTOENCODER: result.clusters}
    if result.problem.x.size <= MOST_VALUES:
        inputs[TABLE] = find_each(
            experiment.clustering, result.problem.x, data.label, experiment.seed
        )
    if pca.z.size <= MOST_VALUES:
        inputs[PCA] = pca.clusters
    return {
        name: {of: codes[name] for of, codes in inputs.items()} for name in experiment.clustering
    }
