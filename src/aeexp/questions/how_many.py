"""How many dimensions does a table have, and how many groups?"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from aeexp import figures
from aeexp.analysis.dimensions import Dimensions, Errors, dimensions
from aeexp.analysis.gap import Gap, gap_statistic
from aeexp.analysis.intrinsic import Estimate, levina_bickel, two_nn
from aeexp.analysis.reconstruction import pca, predicting_the_mean
from aeexp.analysis.spaces import cka
from aeexp.artifact import Artifact, DivergedError, Metrics, Plot, Table
from aeexp.controls import Control, Kind, plan
from aeexp.data import Floats, Integers
from aeexp.problem import Problem
from aeexp.questions.answering import Callbacks, answer, document
from aeexp.questions.leg import Leg
from aeexp.questions.recommendation import recommend
from aeexp.report import begin
from aeexp.spec import AllFigures, EvidenceSpec, Experiment, HowMany
from aeexp.training import Member, Trained, train
from aeexp.watch import Watch


@dataclass(frozen=True)
class Tried:
    """What a dimension came to.

    errors: on rows held out, or on all where none are. of_mean: the same where every feature is
    predicted by its mean. pca: (rows,), the same of PCA. factors: (rows, dimension) of the whole
    table, by each seed.
    """

    errors: Errors
    of_mean: Errors
    pca: Floats
    factors: Sequence[Floats]


@answer.register
def _(
    question: HowMany,
    experiment: Experiment,
    problem: Problem,
    watch: Watch,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    features = len(problem.data.features)
    most = min(question.dimensions, features - 1)
    widest = _of_dimension(experiment, question, most)
    _refuse_what_has_no_copies(widest, problem)
    yield from begin(widest, problem)
    tried: list[Tried] = []
    seconds: Counter[str] = Counter()
    for dimension in range(1, most + 1):
        said = _of_dimension(experiment, question, dimension)
        leg = Leg(watch, dimension - 1, most)
        tried.append(_try(said, problem, leg, callbacks))
        seconds.update(leg.seconds)
        if watch.stop:
            return
    watch.seconds.update(seconds)
    watch.trained(seconds["train"], seconds["compile"])
    with watch.stage("analyse"):
        found = dimensions([tried[0].of_mean, *(each.errors for each in tried)], features)
        table = _table(found, tried)
        yield Table("how_many", table)
        hints = {"two_nn": two_nn(problem.x), "levina_bickel": levina_bickel(problem.x)}
        groups = gap_statistic(_factors(found, tried), question.clusters)
        yield Table("clusters", _clusters(groups))
        yield Metrics("metrics", _metrics(found, hints, groups))
        held_out = len(problem.rows.val) > 0
        yield document(recommend(found, table["stability"], hints, groups, held_out=held_out))
    if isinstance(experiment.figures, AllFigures):
        with watch.stage("figures"):
            drawn = figures.how_many(table, _clusters(groups), problem.data.name)
            yield Plot("how_many", drawn, experiment.figures.format.value, experiment.figures.dpi)


def _refuse_what_has_no_copies(experiment: Experiment, problem: Problem) -> None:
    if not plan(experiment, problem).controls:
        message = (
            f"question=how_many: the {len(problem.data.features)} features of {problem.data.name}"
            " are too many to train copies: choose fewer with dataset.columns."
        )
        raise ValueError(message)


def _of_dimension(experiment: Experiment, question: HowMany, dimension: int) -> Experiment:
    """Return what is said of a dimension: its seeds, and its copies with permuted columns."""
    return replace(
        experiment,
        model=replace(experiment.model, latent_dim=dimension),
        evidence=EvidenceSpec(repeats=question.seeds, permutations=question.copies),
        repeats=None,
    )


def _try(experiment: Experiment, problem: Problem, watch: Watch, callbacks: Callbacks) -> Tried:
    """Train and measure all members of a dimension."""
    controls = plan(experiment, problem).controls
    table = controls[0].problem
    held, trained = _held_out(table), train([*map(_member, controls)], watch, callbacks)
    watch.trained(trained.seconds, trained.compile)
    members = [*zip(controls, range(len(trained.histories)), strict=False)]
    errors = [(control, _errors(trained, i, control.problem.x[held])) for control, i in members]
    mean = [(control, _of_mean(control.problem, held)) for control, _ in members]
    repeats = [i for control, i in members if control.kind is Kind.repeat]
    return Tried(
        _by_kind(errors),
        _by_kind(mean),
        pca(table.x, table.rows, experiment.model.latent_dim).rows[held],
        [trained.network(i).encode(table.x) for i in repeats if not trained.histories[i].diverged],
    )


def _member(control: Control) -> Member:
    problem = control.problem
    return Member(
        experiment=control.experiment, x=problem.x, rows=control.rows, val=problem.rows.val
    )


def _held_out(problem: Problem) -> Integers:
    return problem.rows.val if len(problem.rows.val) else problem.rows.train


def _errors(trained: Trained, member: int, x: Floats) -> Floats:
    """Return the squared error of each row, averaged over features; no number if it diverged."""
    if trained.histories[member].diverged:
        return np.full(len(x), np.nan)
    network = trained.network(member)
    return np.square(x - network.decode(network.encode(x)), dtype=np.float64).mean(1)


def _of_mean(problem: Problem, held: Integers) -> Floats:
    return predicting_the_mean(problem.x, problem.rows).rows[held]


def _by_kind(errors: Sequence[tuple[Control, Floats]]) -> Errors:
    real, null = (
        np.array([each for control, each in errors if control.kind is kind])
        for kind in (Kind.repeat, Kind.permuted)
    )
    return Errors(real, null)


def _factors(found: Dimensions, tried: Sequence[Tried]) -> Sequence[Floats]:
    """Return the factors of the dimension recommended, or else the best, or else any.

    Raises:
        DivergedError: There are none.
    """
    preferred = [max(found.fewest or found.best, 1), *range(1, len(tried) + 1)]
    factors = next((z for z in (tried[k - 1].factors for k in preferred) if z), None)
    if factors is None:
        raise DivergedError
    return factors


def _stability(factors: Sequence[Floats]) -> float:
    """Return the mean alignment of all pairs of seeds."""
    alike = [cka(*pair) for pair in combinations(factors, 2)]
    return float(np.mean(alike)) if alike else np.nan


def _table(found: Dimensions, tried: Sequence[Tried]) -> Mapping[str, Any]:
    """Return a row for each dimension, from 1 on."""
    of_mean = tried[0].of_mean.real[0].mean()
    one_up = slice(1, None)
    return {
        "latent_dim": np.arange(1, len(tried) + 1),
        "r2": found.r2[one_up],
        "r2_se": found.r2_se[one_up],
        "pca_r2": np.array([1 - each.pca.mean() / of_mean for each in tried]),
        "permuted_r2": found.null_r2[one_up],
        "permuted_r2_se": found.null_r2_se[one_up],
        "beyond": found.beyond[one_up],
        "beyond_se": found.beyond_se[one_up],
        "stability": np.array([_stability(each.factors) for each in tried]),
        "recommended": [found.fewest <= k <= found.most for k in range(1, len(tried) + 1)],
    }


def _clusters(groups: Gap) -> Mapping[str, Any]:
    counts = range(1, len(groups.gap) + 1)
    return {
        "n_clusters": np.array(counts),
        "gap": groups.gap,
        "gap_se": groups.error,
        "stability": groups.stability,
        "recommended": [k == groups.count for k in counts],
    }


def _metrics(found: Dimensions, hints: Mapping[str, Estimate], groups: Gap) -> Mapping[str, float]:
    return {
        "dimensions.fewest": found.fewest or np.nan,
        "dimensions.most": found.most or np.nan,
        "dimensions.beyond": float(found.beyond[found.best]),
        "dimensions.beyond.se": float(found.beyond_se[found.best]),
        **{f"dimensions.{name}": each.dimension for name, each in hints.items()},
        "clusters.count": groups.count or np.nan,
    }
