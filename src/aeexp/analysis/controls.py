"""Plan of the models that a run trains: its own model, repeats, and controls.

The table of a control is a function of the experiment and is computed on demand, never stored.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from aeexp.analysis.choice import Choice, Trial, chosen_experiments
from aeexp.analysis.evidence.null import cloud, permuted
from aeexp.analysis.evidence.power import Group, planted
from aeexp.analysis.factors.attribution import FactorImportance
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import Experiment, NoEvidence, RowScaling, Space
from aeexp.data import Floats, Integers, scaling
from aeexp.data.prepare import Problem
from aeexp.errors import UserError

log = logging.getLogger(__name__)

MOST_VALUES = 2**20
"""Largest number of values in the table of a control: there are many such tables."""
FEWEST_ROWS = 200
"""Minimum of rows in the table of a control. Tables that are too wide for it have no controls."""


class ControlKind(Enum):
    """The table from which a control learns.

    repeat: the table of the run. fold: the table of the run without a fold. resample: a bootstrap
    sample of its training rows. permuted: a table with independently permuted columns. cloud: a
    sample of one Gaussian copula with the table's columns and rank correlations. planted: permuted
    columns with a planted group of rows. uniform: points of uniform density, from which no model
    learns.
    """

    repeat = "repeat"
    fold = "fold"
    resample = "resample"
    permuted = "permuted columns"
    cloud = "one cloud"
    planted = "planted group"
    uniform = "uniform points"


@dataclass(frozen=True)
class Control:
    """A model for comparison with the model of the run.

    rows: training rows, repeated in a resample. group: the planted group, if there is one. number:
    of its table, 0 for the run's own. Runs of one seed that have as many repeats and controls have
    the same tables without structure, in the same order.
    """

    kind: ControlKind
    experiment: Experiment
    problem: Problem
    rows: Integers
    group: Group | None = None
    number: int = 0


@dataclass(frozen=True)
class ControlResult:
    """Latent coordinates, reconstructions and errors of a trained control on its table.

    z: (rows, factors). points: (rows, components), its reconstructions on their principal axes.
    errors: (rows,), squared error of each row, averaged over features.
    weighed: importance of its factors, for repeats and resamples other than the run's model.
    """

    z: Floats
    points: Floats
    errors: Floats
    weighed: FactorImportance | None

    @property
    def coordinates(self) -> Mapping[Space, Floats]:
        """Return the coordinates of the rows by space: (rows, coordinates)."""
        return {Space.latent: self.z, Space.reconstruction: self.points}


@dataclass(frozen=True)
class Plan:
    """The models that a run trains.

    experiment: of the run's model; nothing in it is automatic. own: its model, then its repeats,
    on all rows. others: all further models. folds: with cross-fitting the model that judges each
    fold, in order; they were trained for the choice of the setting. places: their places among the
    trials. controls: the models that learn from the table of the evidence. This is a sample of the
    rows if the run's table is large; otherwise all models learn from it. rows: indices of the
    sampled rows in the run's table. observed: the model that the null models are compared with,
    trained in the same way. choice: of the setting, None if there was nothing to choose.
    """

    experiment: Experiment
    problem: Problem
    own: Sequence[Control]
    others: Sequence[Control]
    folds: Sequence[Control]
    places: Sequence[int]
    controls: Sequence[Control]
    rows: Integers
    observed: Control | None
    choice: Choice | None

    @property
    def trained(self) -> list[Control]:
        """Return the models that are trained after the choice, in the order of training."""
        return [*self.own, *self.others]

    def showing(self, number: int) -> "Plan":
        """Return the plan with another of its own models as the model of the run."""
        moved = [self.own[number], *self.own[:number], *self.own[number + 1 :]]
        controls = [*self.controls]
        if controls and controls[0] is self.own[0]:  # the own models are the first controls
            controls[: len(moved)] = moved
        return replace(self, own=moved, controls=controls)


def plan(
    experiment: Experiment,
    problem: Problem,
    several: Sequence[Trial] = (),
    choice: Choice | None = None,
) -> Plan:
    """Return the models that a run trains; log a warning if the table is too wide for controls.

    several, choice: the trials and the choice of the setting, if there were any.
    """
    kept, trial = chosen_experiments(experiment, problem, choice)
    table = problem.folds[0] if problem.folds else problem
    rows, repeats = _rows(experiment, table), own(kept, problem)
    folds, places = _folds(problem, several, choice)
    others: list[Control] = []
    controls: list[Control] = []
    observed = None
    if not len(rows):
        if not isinstance(experiment.evidence, NoEvidence):
            log.warning(
                "evidence: a table of %d rows × %d features is too wide to train controls. Set"
                " preprocessing.select=variable to learn from the 2,000 columns that vary most.",
                *problem.x.shape,
            )
    elif len(rows) == len(problem.x):
        others = [*other_controls(trial, table)]
        controls = [*repeats, *folds[:1], *others]
        observed = (folds or repeats)[0]
    else:
        table = table.subset(rows)
        controls = others = [*_repeats(trial, table), *other_controls(trial, table)]
        observed = others[0]
    return Plan(kept, problem, repeats, others, folds, places, controls, rows, observed, choice)


def _folds(
    problem: Problem, several: Sequence[Trial], choice: Choice | None
) -> tuple[list[Control], list[int]]:
    """Return the models of the folds and their places among the trials."""
    if choice is None or not problem.folds:
        return [], []
    place = {(trial.number, trial.fold): i for i, trial in enumerate(several)}
    places = [place[number, fold] for fold, number in enumerate(choice.by_fold)]
    return [of_trial(several[i]) for i in places], places


def of_trial(trial: Trial) -> Control:
    """Return the model of a trial."""
    problem = trial.problem
    return Control(ControlKind.fold, trial.candidate.experiment, problem, problem.rows.train)


def own(experiment: Experiment, problem: Problem) -> list[Control]:
    """Return the model of a run, then its repeats on all rows.

    If controls learn from a sample, the repeats do so too, unless `repeats` is set explicitly.
    """
    sampled = len(_rows(experiment, problem)) < len(problem.x)
    alone = replace(experiment, repeats=experiment.repeats or 1)
    return _repeats(alone if sampled else experiment, problem)


def _rows(experiment: Experiment, problem: Problem) -> Integers:
    """Return the rows from which controls learn, empty if there are no controls."""
    rows, features = problem.x.shape
    most = min(experiment.evidence.rows, MOST_VALUES // features)
    too_wide = MOST_VALUES // features < FEWEST_ROWS
    if too_wide or isinstance(experiment.evidence, NoEvidence):
        return np.arange(0)
    if rows <= most:
        return np.arange(rows)
    # keep the shares of validation and of test rows, but at least 20 of each
    train, *held_out = problem.rows.parts.values()
    share = most / rows
    sample = []
    for part in held_out:
        wanted = min(len(part), max(round(share * len(part)), min(20, most // 2)))
        sample.append(part[chosen(len(part), wanted)])
    trained = min(len(train), most - sum(map(len, sample)))
    return np.sort(np.concatenate([train[chosen(len(train), trained)], *sample]))


def _repeats(experiment: Experiment, problem: Problem) -> list[Control]:
    return [
        Control(ControlKind.repeat, replace(experiment, seed=seed), problem, problem.rows.train)
        for seed in experiment.seeds
    ]


def other_controls(experiment: Experiment, problem: Problem) -> Iterator[Control]:
    """Yield all controls but the repeats.

    Controls on tables without structure have the seed of the run's model. Some seeds give better
    numbers on any table, so that only the table may differ in this comparison.
    """
    evidence = experiment.evidence
    kinds: list[tuple[ControlKind, Group | None]] = [
        *[(ControlKind.resample, None)] * evidence.resamples,
        *[(ControlKind.permuted, None)] * evidence.permutations,
        *[(ControlKind.cloud, None)] * evidence.clouds,
        *[
            (ControlKind.planted, Group(size, evidence.share))
            for size in evidence.sizes
            for _ in range(evidence.planted)
        ],
    ]
    rows = problem.rows.train
    for number, (kind, group) in enumerate(kinds, len(experiment.seeds)):
        generator = np.random.default_rng([experiment.seed, number])
        if kind is ControlKind.resample:
            other = replace(experiment, seed=(experiment.seed + number) % 2**32)
            sample = next(problem.data.design.resamples(rows, generator))
            yield Control(kind, other, problem, sample)
        else:
            x = _without_structure(problem, kind, group, generator)
            spec = experiment.preprocessing
            if problem.data.covariates:  # residuals are no amounts; their rows are scaled
                spec = replace(spec, rows=RowScaling.none)
            elif problem.preprocessing.rows:  # a planted group may make amounts negative
                x = np.maximum(x, 0)
            data = replace(problem.data, x=x)
            covariates = data.covariates.values if data.covariates else None
            try:
                prepared = scaling.prepare(spec, data, rows)
                # `problem.data` stays the run's own: only the scaled values are held in memory
                scaled = prepared.apply(x, data.features, covariates)
            except UserError as error:  # permuted amounts may not be scalable
                log.warning("evidence: a table with %s is left out. %s", kind.value, error)
                continue
            table = replace(problem, preprocessing=prepared, x=scaled)
            yield Control(kind, experiment, table, rows, group, number)


def _without_structure(
    problem: Problem, kind: ControlKind, group: Group | None, generator: np.random.Generator
) -> Floats:
    """Return a table without structure, in original units.

    Residuals are rearranged, not the columns with the effects of covariates, and the effects are
    then estimated and removed again (Freedman and Lane, 1983, doi:10.1080/07350015.1983.10509354).
    """
    data = problem.data
    x = problem.adjusted if data.covariates else data.x
    if kind is ControlKind.cloud:
        return cloud(x, generator, data.design)
    shuffled = permuted(x, data.columns, problem.rows.train, generator, data.design)
    return planted(shuffled, data.columns, group, generator)[0] if group else shuffled
