"""plan: what a run trains, its own model first, each on a table of its own.

A control's table follows from the experiment: it is made where it is needed, never kept or sent.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from aeexp.analysis.evidence.null import cloud, permuted
from aeexp.analysis.evidence.power import Group, planted
from aeexp.analysis.factors.attribution import Weighed
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import Experiment, NoEvidence
from aeexp.data import Floats, Integers, Rows, scaling
from aeexp.data.prepare import Problem

log = logging.getLogger(__name__)

MOST_VALUES = 2**20
"""Of the table that controls learn from, as many of them have one of their own."""
FEWEST_ROWS = 200
"""Of that table; one that is too wide for so many has no controls: its networks are too large."""


class ControlKind(Enum):
    """What a control learns from.

    repeat: the table. resample: its training rows, drawn with replacement. permuted: its columns,
    each shuffled. cloud: one Gaussian with its covariance. planted: shuffled columns, and a group.
    """

    repeat = "repeat"
    resample = "resample"
    permuted = "permuted columns"
    cloud = "one cloud"
    planted = "planted group"


@dataclass(frozen=True)
class Control:
    """A model to hold the run's own against. group: that was planted, if any."""

    kind: ControlKind
    experiment: Experiment
    problem: Problem
    rows: Integers
    group: Group | None = None


@dataclass(frozen=True)
class ControlResult:
    """What a trained control makes of its table.

    z: (rows, factors). errors: (rows,) squared error of each row, averaged over features.
    weighed: how much its factors tell, of repeats and resamples other than the run's model.
    """

    z: Floats
    errors: Floats
    weighed: Weighed | None


@dataclass(frozen=True)
class Plan:
    """What a run trains.

    own: its model, then repeats of it, on all rows. others: what else. controls: of these, in the
    order of training, what learns from the table of the evidence: all, unless that is a sample.
    rows: of the run's table in that table.
    """

    experiment: Experiment
    problem: Problem
    own: Sequence[Control]
    others: Sequence[Control]
    controls: Sequence[Control]
    rows: Integers

    @property
    def all(self) -> list[Control]:
        """Return everything, in the order of training."""
        return [*self.own, *self.others]


def plan(experiment: Experiment, problem: Problem) -> Plan:
    """Return what a run trains, and warn where the table is too wide for controls."""
    rows, mine = _rows(experiment, problem), own(experiment, problem)
    if not len(rows):
        if not isinstance(experiment.evidence, NoEvidence):
            log.warning(
                "evidence: a table of %d rows × %d features is too wide to train controls"
                " beside it.",
                *problem.x.shape,
            )
        return Plan(experiment, problem, mine, (), (), rows)
    if len(rows) == len(problem.x):
        others = [*_others(experiment, problem)]
        return Plan(experiment, problem, mine, others, [*mine, *others], rows)
    table = _of_rows(problem, rows)
    others = [*_repeats(experiment, table), *_others(experiment, table)]
    return Plan(experiment, problem, mine, others, others, rows)


def own(experiment: Experiment, problem: Problem) -> list[Control]:
    """Return a run's model, then its repeats that learn from all rows.

    Where controls learn from fewer, repeats are among them unless a number of them is asked for.
    """
    sampled = len(_rows(experiment, problem)) < len(problem.x)
    alone = replace(experiment, repeats=experiment.repeats or 1)
    return _repeats(alone if sampled else experiment, problem)


def _rows(experiment: Experiment, problem: Problem) -> Integers:
    """Return which rows controls learn from, none if there are to be no controls."""
    rows, features = problem.x.shape
    most = min(experiment.evidence.rows, MOST_VALUES // features)
    too_wide = MOST_VALUES // features < FEWEST_ROWS
    if too_wide or isinstance(experiment.evidence, NoEvidence):
        return np.arange(0)
    return np.arange(rows) if rows <= most else _sample(problem.rows, most)


def _sample(rows: Rows, most: int) -> Integers:
    """Return some rows of either side of the split, as many as their share and 20 if there are."""
    val, train = rows.val, rows.train
    share = round(most * len(val) / (len(val) + len(train)))
    held_out = min(len(val), max(share, min(20, most // 2)))
    trained = min(len(train), most - held_out)
    some = chosen(len(train), trained), chosen(len(val), held_out)
    return np.sort(np.concatenate([train[some[0]], val[some[1]]]))


def _of_rows(problem: Problem, kept: Integers) -> Problem:
    """Return a problem of some rows, which stay on their side of the split."""
    held_out, data = problem.rows.held_out[kept], problem.data
    some = replace(
        data,
        x=data.x[kept],
        rows=[str(data.rows[i]) for i in kept],
        labels=tuple(labels.take(kept) for labels in data.labels),
        part=None,
    )
    rows = Rows(np.flatnonzero(~held_out), np.flatnonzero(held_out))
    return replace(problem, data=some, rows=rows, x=problem.x[kept])


def _repeats(experiment: Experiment, problem: Problem) -> list[Control]:
    return [
        Control(ControlKind.repeat, replace(experiment, seed=seed), problem, problem.rows.train)
        for seed in experiment.seeds
    ]


def _others(experiment: Experiment, problem: Problem) -> Iterator[Control]:
    """Yield the controls that are no repeats.

    Those of tables without structure have the seed of the run's own model: for one seed its
    numbers may be better than for another's on any table, and only the table is to differ.
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
            yield Control(kind, experiment, _posed(experiment, problem, x), rows, group)


def _without_structure(
    problem: Problem, kind: ControlKind, group: Group | None, generator: np.random.Generator
) -> Floats:
    data = problem.data
    if kind is ControlKind.cloud:
        return cloud(data.x, generator)
    shuffled = permuted(data.x, data.columns, problem.rows.train, generator)
    return planted(shuffled, data.columns, group, generator)[0] if group else shuffled


def _posed(experiment: Experiment, problem: Problem, x: Floats) -> Problem:
    """Return other values as the run's own are split and scaled, which alone are held of them."""
    data, train = replace(problem.data, x=x), problem.rows.train
    prepared = scaling.prepare(experiment.preprocessing, data, train)
    return replace(problem, preprocessing=prepared, x=prepared.apply(x, data.features))
