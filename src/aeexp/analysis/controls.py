"""Plan of the models that a run trains: its own model, repeats, and controls.

The table of a control is a function of the experiment and is computed on demand, never stored.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from aeexp.analysis.evidence.null import cloud, permuted
from aeexp.analysis.evidence.power import Group, planted
from aeexp.analysis.factors.attribution import FactorImportance
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import Experiment, NoEvidence, Space
from aeexp.data import Floats, Integers, Rows, scaling
from aeexp.data.prepare import Problem

log = logging.getLogger(__name__)

MOST_VALUES = 2**20
"""Largest number of values in the table of a control: there are many such tables."""
FEWEST_ROWS = 200
"""Minimum of rows in the table of a control. Tables that are too wide for it have no controls."""


class ControlKind(Enum):
    """The table from which a control learns.

    repeat: the table of the run. resample: a bootstrap sample of its training rows. permuted: a
    table with independently permuted columns. cloud: a sample of one Gaussian with the table's
    covariance. planted: permuted columns with a planted group of rows.
    """

    repeat = "repeat"
    resample = "resample"
    permuted = "permuted columns"
    cloud = "one cloud"
    planted = "planted group"


@dataclass(frozen=True)
class Control:
    """A model for comparison with the model of the run.

    rows: training rows, repeated in a resample. group: the planted group, if there is one.
    """

    kind: ControlKind
    experiment: Experiment
    problem: Problem
    rows: Integers
    group: Group | None = None


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

    own: its model, then its repeats, on all rows. others: all further models. controls: in the
    order of training, the models that learn from the table of the evidence. This is a sample of
    the rows if the run's table is large; otherwise all models learn from it. rows: indices of the
    sampled rows in the run's table.
    """

    experiment: Experiment
    problem: Problem
    own: Sequence[Control]
    others: Sequence[Control]
    controls: Sequence[Control]
    rows: Integers

    @property
    def all(self) -> list[Control]:
        """Return all models, in the order of training."""
        return [*self.own, *self.others]


def plan(experiment: Experiment, problem: Problem) -> Plan:
    """Return the models that a run trains; log a warning if the table is too wide for controls."""
    rows, repeats = _rows(experiment, problem), own(experiment, problem)
    if not len(rows):
        if not isinstance(experiment.evidence, NoEvidence):
            log.warning(
                "evidence: a table of %d rows × %d features is too wide to train controls.",
                *problem.x.shape,
            )
        return Plan(experiment, problem, repeats, (), (), rows)
    if len(rows) == len(problem.x):
        others = [*_others(experiment, problem)]
        return Plan(experiment, problem, repeats, others, [*repeats, *others], rows)
    table = _subset(problem, rows)
    others = [*_repeats(experiment, table), *_others(experiment, table)]
    return Plan(experiment, problem, repeats, others, others, rows)


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
    # keep the share of held-out rows, but at least 20 of them
    val, train = problem.rows.val, problem.rows.train
    share = round(most * len(val) / (len(val) + len(train)))
    held_out = min(len(val), max(share, min(20, most // 2)))
    trained = min(len(train), most - held_out)
    sample = train[chosen(len(train), trained)], val[chosen(len(val), held_out)]
    return np.sort(np.concatenate(sample))


def _subset(problem: Problem, rows: Integers) -> Problem:
    """Return a problem of some rows with the same split."""
    held_out, data = problem.rows.held_out[rows], problem.data
    subset = replace(
        data,
        x=data.x[rows],
        rows=[str(data.rows[i]) for i in rows],
        labels=tuple(labels.take(rows) for labels in data.labels),
        part=None,
    )
    split = Rows(np.flatnonzero(~held_out), np.flatnonzero(held_out))
    return replace(problem, data=subset, rows=split, x=problem.x[rows])


def _repeats(experiment: Experiment, problem: Problem) -> list[Control]:
    return [
        Control(ControlKind.repeat, replace(experiment, seed=seed), problem, problem.rows.train)
        for seed in experiment.seeds
    ]


def _others(experiment: Experiment, problem: Problem) -> Iterator[Control]:
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
            yield Control(kind, other, problem, generator.choice(rows, len(rows)))
        else:
            x = _without_structure(problem, kind, group, generator)
            data = replace(problem.data, x=x)
            prepared = scaling.prepare(experiment.preprocessing, data, rows)
            # `problem.data` stays the run's own: only the scaled values are held in memory
            scaled = prepared.apply(x, data.features)
            table = replace(problem, preprocessing=prepared, x=scaled)
            yield Control(kind, experiment, table, rows, group)


def _without_structure(
    problem: Problem, kind: ControlKind, group: Group | None, generator: np.random.Generator
) -> Floats:
    data = problem.data
    if kind is ControlKind.cloud:
        return cloud(data.x, generator)
    shuffled = permuted(data.x, data.columns, problem.rows.train, generator)
    return planted(shuffled, data.columns, group, generator)[0] if group else shuffled
