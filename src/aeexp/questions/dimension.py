"""What autoencoders of one dimension make of a table, and of copies without structure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aeexp.analysis.dimensions import Errors
from aeexp.analysis.reconstruction import pca, predicting_the_mean
from aeexp.controls import Control, Kind, plan
from aeexp.data import Floats, Integers
from aeexp.members import member
from aeexp.problem import Problem
from aeexp.questions.answering import Callbacks
from aeexp.spec import EvidenceSpec, Experiment, HowMany
from aeexp.training import Trained, train
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


def of_dimension(experiment: Experiment, question: HowMany, dimension: int) -> Experiment:
    """Return what is said of a dimension: its seeds, and its copies with permuted columns."""
    return replace(
        experiment,
        model=replace(experiment.model, latent_dim=dimension),
        clustering={},
        evidence=EvidenceSpec(repeats=question.seeds, permutations=question.copies),
        repeats=None,
    )


def attempt(experiment: Experiment, problem: Problem, watch: Watch, callbacks: Callbacks) -> Tried:
    """Train and measure all members of a dimension."""
    controls = plan(experiment, problem).controls
    table = controls[0].problem
    _, held = table.rows.judged
    trained = train([*map(member, controls)], watch, callbacks)
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
