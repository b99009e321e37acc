"""Prediction of the labels of a run from its factors, its table and PCA."""

from threadpoolctl import threadpool_limits

from aeexp.analysis.clustering.other_clusters import MOST_VALUES
from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA, Method
from aeexp.analysis.labels.matched import matched
from aeexp.analysis.labels.probes import probes
from aeexp.analysis.labels.scores import Permutations, Score
from aeexp.analysis.result import RunResult
from aeexp.data import Classes, Integers

TABLE = "standardized input"


def label_scores(result: RunResult, pca: Method) -> list[Score]:
    """Return how well each label is predicted from factors, table and principal components.

    By nearest neighbours, by a linear model and, for classes, by clusters. With cross-fitting, the
    predictions are judged fold by fold; the factors are those of the model that learnt from all
    rows, but from no label. Classes that name the rows are not predicted.
    """
    problem, experiment = result.problem, result.experiment
    inputs = {AUTOENCODER: result.z, TABLE: problem.x, PCA: pca.z}
    with threadpool_limits(1):  # on few rows, threads mostly wait for each other
        clusters = _clusters(result, pca)
    splits = [fold.rows for fold in problem.folds] or [problem.rows]
    permutations = Permutations(experiment.evidence.labels, experiment.seed, problem.data.design)
    scores = []
    for labels in problem.data.labels:
        if isinstance(labels, Classes) and labels.are_names:
            continue
        scores += probes(inputs, labels, splits, permutations)
        if isinstance(labels, Classes):
            scores += matched(clusters, labels, splits, permutations)
    return scores


def _clusters(result: RunResult, pca: Method) -> dict[str, dict[str, Integers]]:
    """Return clusters by the name of the clustering, then by the name of the input."""
    if not any(isinstance(labels, Classes) for labels in result.problem.data.labels):
        return {}
    inputs = {AUTOENCODER: result.clusters, TABLE: result.table_clusters}
    if pca.z.size <= MOST_VALUES:
        inputs[PCA] = pca.clusters
    return {
        name: {input_name: codes[name] for input_name, codes in inputs.items() if name in codes}
        for name in result.clusters
    }
