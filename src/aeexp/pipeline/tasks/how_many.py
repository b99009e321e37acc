"""Task how_many: the number of latent dimensions and of clusters of a table."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from aeexp.analysis.clustering.gap import Gap, gap_statistic
from aeexp.analysis.controls import plan
from aeexp.analysis.evidence.advantage import advantage
from aeexp.analysis.latent.dimensions import (
    Dimensions,
    Errors,
    Finding,
    dimensions,
    errors_of_units,
)
from aeexp.analysis.latent.intrinsic import Estimate, levina_bickel, two_nn
from aeexp.analysis.latent.spaces import cka
from aeexp.config.spec import AllFigures, Experiment, HowMany
from aeexp.data import Floats
from aeexp.data.prepare import Problem
from aeexp.errors import UserError
from aeexp.pipeline.results import before_training
from aeexp.pipeline.tasks.answering import Callbacks, answer
from aeexp.pipeline.tasks.dimension import DimensionResult, train_dimension, with_dimension
from aeexp.present import figures
from aeexp.present.text.recommendation import ALL_DIVERGED, recommend
from aeexp.present.text.rows import rows_sentences
from aeexp.present.text.sentence import document
from aeexp.runs.artifact import Artifact, DivergedError, Metrics, Plot, Table
from aeexp.runs.progress import Monitor, SubMonitor


@answer.register
def _(
    question: HowMany,
    experiment: Experiment,
    problem: Problem,
    monitor: Monitor,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    most = min(question.dimensions, len(problem.data.features) - 1)
    widest = with_dimension(experiment, question, most)
    if not plan(widest, problem).controls:
        raise UserError(
            f"question=how_many: the {len(problem.data.features)} features of {problem.data.name}"
            " are too many to train copies: choose fewer with dataset.columns."
        )
    yield from before_training(widest, problem)
    results: list[DimensionResult] = []
    seconds: Counter[str] = Counter()
    for dimension in range(1, most + 1):
        part = SubMonitor(monitor, dimension - 1, most)
        planned = with_dimension(experiment, question, dimension)
        results.append(train_dimension(planned, problem, part, callbacks))
        seconds.update(part.seconds)
        if monitor.stop:
            return
    monitor.seconds.update(seconds)
    monitor.on_trained(seconds["train"], seconds["compile"])
    with monitor.stage("analyse"):
        pca = _dimensions([result.pca_errors for result in results], results, problem)
        autoencoder = _decided(results, pca, problem)
        table = _dimension_table(autoencoder, pca, results)
        yield Table("how_many", table)
        hints = {"two_nn": two_nn(problem.x), "levina_bickel": levina_bickel(problem.x)}
        factors = _preferred_factors(results, autoencoder)
        if factors is None:
            yield document([ALL_DIVERGED])
            raise DivergedError
        # of factors: on the curved surface of the reconstructions, bends would count as groups
        groups = gap_statistic(factors, question.clusters)
        yield Table("clusters", _cluster_table(groups))
        yield Metrics("metrics", _metrics(autoencoder, hints, groups))
        best = results[max(autoencoder.best, 1) - 1]
        trained = ~np.isnan(best.errors.real).any(axis=1)
        over_pca = advantage(best.errors.real[trained], best.pca_errors.real[0], units=best.units)
        sentences = recommend(autoencoder, table["stability"], over_pca, hints, groups)
        yield document([*rows_sentences(problem.data, experiment.split), *sentences])
    if isinstance(experiment.figures, AllFigures):
        with monitor.stage("figures"):
            figure = figures.how_many(table, _cluster_table(groups), problem.data.name)
            yield Plot("how_many", figure, experiment.figures.format.value, experiment.figures.dpi)


def _preferred_factors(
    results: Sequence[DimensionResult], autoencoder: Dimensions
) -> Sequence[Floats] | None:
    """Return the factors of each seed, of the recommended dimension, else of the best.

    If these diverged, of the least dimension that did not; None if all did.
    """
    recommended = max(autoencoder.fewest or autoencoder.best, 1)
    preferred = [results[recommended - 1], *results]
    return next((result.factors for result in preferred if result.factors), None)


def _dimensions(
    errors: Sequence[Errors], results: Sequence[DimensionResult], problem: Problem
) -> Dimensions:
    units = results[0].units
    of_units = [errors_of_units(each, units) for each in (results[0].mean_errors, *errors)]
    return dimensions(of_units, len(problem.data.features))


def _decided(results: Sequence[DimensionResult], pca: Dimensions, problem: Problem) -> Dimensions:
    """Return the dimensions of the autoencoders, without a range if there are doubts.

    Doubts: no rows are held out, the rows depend on one another in a way that was not stated or
    are too few in time, or PCA finds more than twice as much structure. On noise PCA also
    explains more than the autoencoders, but it does so on permuted tables, too.
    """
    decided = _dimensions([result.errors for result in results], results, problem)
    if not len(problem.rows.val):
        return replace(decided, finding=Finding.unseen, fewest=0, most=0)
    if not problem.data.design.supports_claims:
        return replace(decided, finding=Finding.dependent, fewest=0, most=0)
    pca_found = pca.finding in {Finding.decided, Finding.rising}
    behind = pca_found and decided.beyond[decided.best] < pca.beyond[pca.best] / 2
    if decided.finding is not Finding.diverged and behind:
        return replace(decided, finding=Finding.unlearnt, fewest=0, most=0)
    return decided


def _dimension_table(
    autoencoder: Dimensions, pca: Dimensions, results: Sequence[DimensionResult]
) -> Mapping[str, Any]:
    """Return a row for each dimension, from 1 on."""
    from_1, counts = slice(1, None), range(1, len(results) + 1)
    range_found = autoencoder.finding is Finding.decided
    return {
        "latent_dim": np.array(counts),
        "r2": autoencoder.r2[from_1],
        "r2_se": autoencoder.r2_se[from_1],
        "pca_r2": pca.r2[from_1],
        "permuted_r2": autoencoder.null_r2[from_1],
        "permuted_r2_se": autoencoder.null_r2_se[from_1],
        "beyond": autoencoder.beyond[from_1],
        "beyond_se": autoencoder.beyond_se[from_1],
        "stability": np.array([_stability(result.reconstructions) for result in results]),
        "recommended": [
            range_found and autoencoder.fewest <= k <= autoencoder.most for k in counts
        ],
    }


def _stability(reconstructions: Sequence[Floats]) -> float:
    """Return the mean alignment (CKA) of the reconstructions of all pairs of seeds."""
    alignments = [cka(*pair) for pair in combinations(reconstructions, 2)]
    return float(np.mean(alignments)) if alignments else np.nan


def _cluster_table(groups: Gap) -> Mapping[str, Any]:
    counts = range(1, len(groups.gap) + 1)
    return {
        "n_clusters": np.array(counts),
        "gap": groups.gap,
        "gap_se": groups.error,
        "stability": groups.stability,
        "recommended": [k == groups.decided for k in counts],
    }


def _metrics(
    autoencoder: Dimensions, hints: Mapping[str, Estimate], groups: Gap
) -> Mapping[str, float]:
    best = autoencoder.best
    return {
        "dimensions.fewest": autoencoder.fewest or np.nan,
        "dimensions.most": autoencoder.most or np.nan,
        "dimensions.beyond": float(autoencoder.beyond[best]),
        "dimensions.beyond.se": float(autoencoder.beyond_se[best]),
        **{f"dimensions.{name}": estimate.dimension for name, estimate in hints.items()},
        "clusters.count": groups.decided or np.nan,
    }
