"""Train the models of one run, or of several runs together: first the trials, then the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.choice import Trial, TrialResult, choose, trials
from aeexp.analysis.controls import Plan, of_trial, plan
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import Experiment, NoEvidence
from aeexp.data import Floats
from aeexp.data.prepare import Problem
from aeexp.pipeline.members import member
from aeexp.pipeline.tasks.answering import Callbacks
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.training import Trained, train

MOST_COMPARED = 1_000
"""Rows on which the reconstructions of the repeats are compared."""


@dataclass(frozen=True)
class TrainedRun:
    """The models of a run. trained: of `planned.trained`. folds: of `planned.folds`, or None.

    Fewer than planned if the training was interrupted. shown: the place of the run's model among
    the models with the seeds seed, seed + 1, ….
    """

    planned: Plan
    trained: Trained
    folds: Trained | None
    shown: int = 0

    @property
    def histories(self) -> Sequence[History]:
        """Return the histories of the run's model and its repeats."""
        return self.trained.histories[: len(self.planned.own)]

    @property
    def fold_histories(self) -> Sequence[History]:
        """Return the histories of the models that judge the folds of cross-fitting."""
        return self.folds.histories if self.folds else ()

    @property
    def seconds(self) -> float:
        """Return how long the training took, compilation excluded."""
        return self.trained.seconds + (self.folds.seconds if self.folds else 0)

    @property
    def compile(self) -> float:
        """Return how long the compilation took."""
        return self.trained.compile + (self.folds.compile if self.folds else 0)


def train_runs(
    jobs: Sequence[tuple[Experiment, Problem]], monitor: Monitor, callbacks: Callbacks = ()
) -> list[TrainedRun]:
    """Train the models of several runs as one population, after the trials of all of them.

    The own models of all runs come before the others, which may need another compiled program. If
    the user stops the trials, one run is returned, with the model of the last trial.
    """
    several = [trials(*job) for job in jobs]
    monitor.on_phase("choosing the model", own=False)
    tried = _train([trial for of_job in several for trial in of_job], monitor, callbacks)
    if tried and monitor.stop:
        return [_interrupted([trial for of_job in several for trial in of_job], tried)]
    ends = np.cumsum([len(of_job) for of_job in several])
    runs: list[tuple[Plan, Trained | None]] = []
    for job, of_job, end in zip(jobs, several, ends.tolist(), strict=True):
        places = range(end - len(of_job), min(end, len(tried.histories) if tried else 0))
        part = tried.subset(places) if tried and places else None
        runs.append(_planned(*job, of_job[: len(places)], part))
    order = [control for planned, _ in runs for control in planned.own]
    order += [control for planned, _ in runs for control in planned.others]
    monitor.on_phase("training", own=len(jobs) == 1)
    trained = train([*map(member, order)], monitor, callbacks)
    places_of = {id(control): place for place, control in enumerate(order)}
    last = len(trained.histories)
    return [
        _shown(
            TrainedRun(
                planned,
                trained.subset([p for c in planned.trained if (p := places_of[id(c)]) < last]),
                part.subset(planned.places) if part and planned.places else None,
            )
        )
        for planned, part in runs
    ]


def _train(several: Sequence[Trial], monitor: Monitor, callbacks: Callbacks) -> Trained | None:
    members = [member(of_trial(trial)) for trial in several]
    return train(members, monitor, callbacks) if members else None


def _interrupted(several: Sequence[Trial], tried: Trained) -> TrainedRun:
    """Return a run whose model is the last trial, as the user stopped the training there.

    Nothing else is trained: a stopped run ends within seconds. Its model learnt from one fold.
    """
    last = len(tried.histories) - 1
    trial = several[last]
    alone = replace(trial.candidate.experiment, evidence=NoEvidence(), repeats=None)
    trained = replace(tried.subset([last]), interrupted=True)
    return TrainedRun(plan(alone, trial.problem), trained, None)


def _planned(
    experiment: Experiment, problem: Problem, several: Sequence[Trial], trained: Trained | None
) -> tuple[Plan, Trained | None]:
    """Return the plan of a run after its choice, and its trials."""
    if trained is None:
        return plan(experiment, problem), None
    choice = choose(several, [*_results(several, trained)])
    return plan(experiment, problem, several, choice), trained


def _results(several: Sequence[Trial], trained: Trained) -> Iterator[TrialResult]:
    means: dict[int, Floats] = {}
    for i, (trial, history) in enumerate(zip(several, trained.histories, strict=True)):
        x, rows = trial.problem.x, trial.problem.rows
        if trial.fold not in means:
            means[trial.fold] = reconstruction.predicting_the_mean(x, rows).parts["val"].rows
        val, test = (np.full(len(part), np.nan) for part in (rows.val, rows.test))
        epochs = history.kept + 1 if trial.candidate.experiment.training.max_epochs else 0
        if not history.diverged:
            network = trained.network(i)
            val, test = network.errors(x[rows.val]), network.errors(x[rows.test])
        yield TrialResult(val, test, means[trial.fold], history.val_loss, epochs)


def _shown(run: TrainedRun) -> TrainedRun:
    """Return the run with the most typical of its repeats as its model.

    This is the medoid: the model whose reconstructions are closest to those of the others, by the
    mean squared difference. Any single seed may be the worst of all.
    """
    planned, trained = run.planned, run.trained
    fit = [i for i, history in enumerate(run.histories) if not history.diverged]
    if len(fit) < 2 or trained.interrupted:
        return run
    x = planned.problem.x[chosen(len(planned.problem.x), MOST_COMPARED)]
    x_hats = [trained.network(i).reconstruct(x) for i in fit]
    mean = np.mean(x_hats, axis=0)
    # the sum of squared distances to all others is least for the model closest to their mean
    number = fit[int(np.argmin([np.square(x_hat - mean).sum() for x_hat in x_hats]))]
    order = [number, *(i for i in range(len(trained.histories)) if i != number)]
    planned, trained = planned.showing(number), trained.subset(order)
    return replace(run, planned=planned, trained=trained, shown=number)
