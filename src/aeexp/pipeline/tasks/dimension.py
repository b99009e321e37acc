"""Train autoencoders with one latent dimension on a table and on copies without structure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from aeexp.analysis.controls import Control, ControlKind, plan
from aeexp.analysis.latent.dimensions import Errors
from aeexp.analysis.latent.reconstructed import reconstructed
from aeexp.analysis.reconstruction import pca, predicting_the_mean
from aeexp.config.spec import EvidenceSpec, Experiment, HowMany
from aeexp.data import Floats, Integers
from aeexp.data.prepare import Problem
from aeexp.pipeline.members import member
from aeexp.pipeline.tasks.answering import Callbacks
from aeexp.runs.progress import Monitor
from aeexp.training import train


@dataclass(frozen=True)
class DimensionResult:
    """The results of one latent dimension.

    errors: on held-out rows, or on all rows if none are held out. mean_errors, pca_errors: the
    same of predictions by each feature's mean, and by PCA. units: (held-out rows,), independent
    unit of each row. factors: for each seed (rows,
    dimension), of the complete table. reconstructions: of the same, (rows, components), on their
    principal axes.
    """

    errors: Errors
    mean_errors: Errors
    pca_errors: Errors
    units: Integers
    factors: Sequence[Floats]
    reconstructions: Sequence[Floats]


def with_dimension(experiment: Experiment, question: HowMany, dimension: int) -> Experiment:
    """Return the experiment of one dimension, with seeds and copies with permuted columns."""
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


def train_dimension(
    experiment: Experiment, problem: Problem, monitor: Monitor, callbacks: Callbacks
) -> DimensionResult:
    """Train all models of a dimension and measure their errors."""
    controls = [*_with_own_seeds(plan(experiment, problem).controls, experiment.seeds)]
    table = controls[0].problem
    _, judged = table.rows.evaluated
    trained = train([*map(member, controls)], monitor, callbacks)
    monitor.on_trained(trained.seconds, trained.compile)
    trained_controls = controls[: len(trained.histories)]
    diverged = [history.diverged for history in trained.histories]

    def of_model(number: int, problem: Problem) -> Floats:
        x = problem.x[judged]
        if diverged[number]:
            return np.full(len(x), np.nan)
        return trained.network(number).errors(x)

    def of_mean(_number: int, problem: Problem) -> Floats:
        return predicting_the_mean(problem.x, problem.rows).rows[judged]

    def of_pca(_number: int, problem: Problem) -> Floats:
        return pca(problem.x, problem.rows, experiment.model.latent_dim).rows[judged]

    def errors(measure: Callable[[int, Problem], Floats]) -> Errors:
        rows = [(c.kind, measure(i, c.problem)) for i, c in enumerate(trained_controls)]
        real, null = (
            np.array([row for kind, row in rows if kind is wanted])
            for wanted in (ControlKind.repeat, ControlKind.permuted)
        )
        return Errors(real, null)

    factors, reconstructions = [], []
    for i, control in enumerate(trained_controls):
        if control.kind is ControlKind.repeat and not diverged[i]:
            network = trained.network(i)
            factors.append(network.encode(table.x))
            reconstructions.append(reconstructed(factors[-1], network.decode).points)
    return DimensionResult(
        errors(of_model),
        errors(of_mean),
        errors(of_pca),
        table.judged_units,
        factors,
        reconstructions,
    )


def _with_own_seeds(controls: Sequence[Control], seeds: Sequence[int]) -> Iterator[Control]:
    """Yield controls; the permuted copies get the seeds of the table's own autoencoders.

    Errors are averaged over seeds on both sides. A single seed may be better than others on any
    table.
    """
    seeds_of_copies = cycle(seeds)
    for control in controls:
        if control.kind is ControlKind.permuted:
            experiment = replace(control.experiment, seed=next(seeds_of_copies))
            yield replace(control, experiment=experiment)
        else:
            yield control
