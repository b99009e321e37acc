"""How many dimensions does a table have, and how many groups?"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from aeexp.analysis.clustering.gap import Gap, gap_statistic
from aeexp.analysis.controls import plan
from aeexp.analysis.evidence.advantage import Advantage, advantage
from aeexp.analysis.latent.dimensions import Dimensions, Errors, Finding, dimensions
from aeexp.analysis.latent.intrinsic import Estimate, levina_bickel, two_nn
from aeexp.analysis.latent.spaces import cka
from aeexp.config.spec import AllFigures, Experiment, HowMany
from aeexp.data import Floats
from aeexp.data.prepare import Problem
from aeexp.errors import UserError
from aeexp.pipeline.results import before_training
from aeexp.pipeline.tasks.answering import Callbacks, answer
from aeexp.pipeline.tasks.dimension import Tried, attempt, of_dimension
from aeexp.present import figures
from aeexp.present.text.answer import document
from aeexp.present.text.recommendation import ALL_DIVERGED, recommend
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
    widest = of_dimension(experiment, question, most)
    _refuse_what_has_no_copies(widest, problem)
    yield from before_training(widest, problem)
    tried: list[Tried] = []
    seconds: Counter[str] = Counter()
    for dimension in range(1, most + 1):
        said = of_dimension(experiment, question, dimension)
        part = SubMonitor(monitor, dimension - 1, most)
        tried.append(attempt(said, problem, part, callbacks))
        seconds.update(part.seconds)
        if monitor.stop:
            return
    monitor.seconds.update(seconds)
    monitor.on_trained(seconds["train"], seconds["compile"])
    with monitor.stage("analyse"):
        of_pca = _explained([each.of_pca for each in tried], tried, problem)
        found = _found(tried, of_pca, problem)
        table = _table(found, of_pca, tried)
        yield Table("how_many", table)
        hints = {"two_nn": two_nn(problem.x), "levina_bickel": levina_bickel(problem.x)}
        factors = _factors(found, tried)
        if not factors:
            yield document([ALL_DIVERGED])
            raise DivergedError
        groups = gap_statistic(factors, question.clusters)
        yield Table("clusters", _clusters(groups))
        yield Metrics("metrics", _metrics(found, hints, groups))
        ahead = _ahead(tried[max(found.best, 1) - 1])
        yield document(recommend(found, table["stability"], ahead, hints, groups))
    if isinstance(experiment.figures, AllFigures):
        with monitor.stage("figures"):
            drawn = figures.how_many(table, _clusters(groups), problem.data.name)
            yield Plot("how_many", drawn, experiment.figures.format.value, experiment.figures.dpi)


def _refuse_what_has_no_copies(experiment: Experiment, problem: Problem) -> None:
    if not plan(experiment, problem).controls:
        message = (
            f"question=how_many: the {len(problem.data.features)} features of {problem.data.name}"
            " are too many to train copies: choose fewer with dataset.columns."
        )
        raise UserError(message)


def _explained(errors: Sequence[Errors], tried: Sequence[Tried], problem: Problem) -> Dimensions:
    return dimensions([tried[0].of_mean, *errors], len(problem.data.features))


def _found(tried: Sequence[Tried], of_pca: Dimensions, problem: Problem) -> Dimensions:
    found = _explained([each.errors for each in tried], tried, problem)
    if not len(problem.rows.val):
        return replace(found, finding=Finding.unseen, fewest=0, most=0)
    if found.finding is not Finding.diverged and _has_not_learnt(found, of_pca):
        return replace(found, finding=Finding.unlearnt, fewest=0, most=0)
    return found


def _has_not_learnt(found: Dimensions, of_pca: Dimensions) -> bool:
    """Return whether PCA finds structure of which the autoencoders know less than half.

    Of noise, PCA explains more than they do, too, but of permuted tables as much more.
    """
    clear = of_pca.finding in {Finding.decided, Finding.rising}
    return clear and bool(found.beyond[found.best] < of_pca.beyond[of_pca.best] / 2)


def _ahead(tried: Tried) -> Advantage:
    """Return by how much the error of a dimension's autoencoders is below PCA's."""
    known = ~np.isnan(tried.errors.real).any(axis=1)
    return advantage(tried.errors.real[known], tried.of_pca.real[0])


def _factors(found: Dimensions, tried: Sequence[Tried]) -> Sequence[Floats]:
    """Return the factors of the dimension recommended, or else the best, or else any."""
    preferred = [max(found.fewest or found.best, 1), *range(1, len(tried) + 1)]
    return next((z for z in (tried[k - 1].factors for k in preferred) if z), ())


def _stability(factors: Sequence[Floats]) -> float:
    """Return the mean alignment of all pairs of seeds."""
    alike = [cka(*pair) for pair in combinations(factors, 2)]
    return float(np.mean(alike)) if alike else np.nan


def _table(found: Dimensions, of_pca: Dimensions, tried: Sequence[Tried]) -> Mapping[str, Any]:
    """Return a row for each dimension, from 1 on."""
    one_up, counts = slice(1, None), range(1, len(tried) + 1)
    decided = found.finding is Finding.decided
    return {
        "latent_dim": np.array(counts),
        "r2": found.r2[one_up],
        "r2_se": found.r2_se[one_up],
        "pca_r2": of_pca.r2[one_up],
        "permuted_r2": found.null_r2[one_up],
        "permuted_r2_se": found.null_r2_se[one_up],
        "beyond": found.beyond[one_up],
        "beyond_se": found.beyond_se[one_up],
        "stability": np.array([_stability(each.factors) for each in tried]),
        "recommended": [decided and found.fewest <= k <= found.most for k in counts],
    }


def _clusters(groups: Gap) -> Mapping[str, Any]:
    counts = range(1, len(groups.gap) + 1)
    return {
        "n_clusters": np.array(counts),
        "gap": groups.gap,
        "gap_se": groups.error,
        "stability": groups.stability,
        "recommended": [k == groups.decided for k in counts],
    }


def _metrics(found: Dimensions, hints: Mapping[str, Estimate], groups: Gap) -> Mapping[str, float]:
    return {
        "dimensions.fewest": found.fewest or np.nan,
        "dimensions.most": found.most or np.nan,
        "dimensions.beyond": float(found.beyond[found.best]),
        "dimensions.beyond.se": float(found.beyond_se[found.best]),
        **{f"dimensions.{name}": each.dimension for name, each in hints.items()},
        "clusters.count": groups.decided or np.nan,
    }
