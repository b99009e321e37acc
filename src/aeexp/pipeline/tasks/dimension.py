"""What autoencoders of one dimension make of a table, and of copies without structure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from aeexp.analysis.controls import Control, ControlKind, plan
from aeexp.analysis.latent.dimensions import Errors
from aeexp.analysis.reconstruction import pca, predicting_the_mean
from aeexp.config.spec import EvidenceSpec, Experiment, HowMany
from aeexp.data import Floats, Integers
from aeexp.data.prepare import Problem
from aeexp.pipeline.members import member
from aeexp.pipeline.tasks.answering import Callbacks
from aeexp.runs.progress import Monitor
from aeexp.training import Trained, train


@dataclass(frozen=True)
class Tried:
    """What a dimension came to.

    errors: on rows held out, or on all where none are. of_mean: the same where every feature is
    predicted by its mean. of_pca: the same of PCA, which knows no seed. factors: (rows, dimension)
    of the whole table, by each seed.
    """

    errors: Errors
    of_mean: Errors
    of_pca: Errors
    factors: Sequence[Floats]


def of_dimension(experiment: Experiment, question: HowMany, dimension: int) -> Experiment:
    """Return what is said of a dimension: its seeds, and its copies with permuted columns."""
    return replace(
        experiment,
        model=replace(experiment.model, latent_dim=dimension),
        clustering={},
        evidence=EvidenceSpec(
            repeats=question.seeds,
            permutations=question.copies,
            rows=experiment.evidence.rows,
        ),
        repeats=None,
    )


def attempt(
    experiment: Experiment, problem: Problem, monitor: Monitor, callbacks: Callbacks
) -> Tried:
    """Train and measure all members of a dimension."""
    controls = [*_seeded(plan(experiment, problem).controls, experiment.seeds)]
    table = controls[0].problem
    _, held = table.rows.judged
    trained = train([*map(member, controls)], monitor, callbacks)
    monitor.on_trained(trained.seconds, trained.compile)
    members = [*zip(controls, range(len(trained.histories)), strict=False)]

    def linear(problem: Problem) -> Floats:
        return pca(problem.x, problem.rows, experiment.model.latent_dim).rows[held]

    errors = [(control, _errors(trained, i, control.problem.x[held])) for control, i in members]
    mean = [(control, _of_mean(control.problem, held)) for control, _ in members]
    of_pca = [(control, linear(control.problem)) for control, _ in members]
    repeats = [i for control, i in members if control.kind is ControlKind.repeat]
    return Tried(
        _by_kind(errors),
        _by_kind(mean),
        _by_kind(of_pca),
        [trained.network(i).encode(table.x) for i in repeats if not trained.histories[i].diverged],
    )


def _seeded(controls: Sequence[Control], seeds: Sequence[int]) -> Iterator[Control]:
    """Yield controls, of which copies have the seeds of the table's own autoencoders.

    Both are averaged over their seeds, and one alone may do worse than others on any table.
    """
    of_copies = cycle(seeds)
    for control in controls:
        if control.kind is ControlKind.permuted:
            said = replace(control.experiment, seed=next(of_copies))
            yield replace(control, experiment=said)
        else:
            yield control


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
        for kind in (ControlKind.repeat, ControlKind.permuted)
    )
    return Errors(real, null)
