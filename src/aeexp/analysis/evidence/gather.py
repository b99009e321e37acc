"""gather: what a run found, and its controls -> the evidence for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering.clusters import find_each
from aeexp.analysis.clustering.separation import mean_silhouette
from aeexp.analysis.controls import Control, ControlKind, ControlResult
from aeexp.analysis.evidence import linear
from aeexp.analysis.evidence.advantage import advantage
from aeexp.analysis.evidence.baselines import baselines
from aeexp.analysis.evidence.chance import Tested, tested
from aeexp.analysis.evidence.method import AUTOENCODER, PCA, Method
from aeexp.analysis.evidence.power import Group, Power, power
from aeexp.analysis.evidence.stability import Stability, stability
from aeexp.analysis.factors.attribution import Probed
from aeexp.analysis.factors.cards import Card
from aeexp.analysis.factors.run_cards import card_for_each
from aeexp.analysis.labels.label_scores import label_scores
from aeexp.analysis.labels.scores import Score
from aeexp.analysis.latent import distances, neighbourhoods
from aeexp.analysis.result import RunResult
from aeexp.data import Classes, Floats, Integers
from aeexp.runs.progress import Monitor


@dataclass(frozen=True)
class Evidence:
    """What a run's findings are held against.

    methods: by name, the autoencoder first. scree: (components,) shares of the training rows'
    variance. stability: over repeats and resampled rows, None where there is but one. cards: of
    the factors. labels: how well they are told. rows: (controls' rows,), those of the run's table
    that it is of. null: (copies,) of each number of tables without structure, by control; tested:
    the run's own numbers beside them. power: of planted groups, by rising size.
    """

    methods: Mapping[str, Method]
    scree: Floats
    stability: Stability | None
    cards: Sequence[Card]
    labels: Sequence[Score]
    rows: Integers
    null: Mapping[ControlKind, Mapping[str, Floats]]
    tested: Sequence[Tested]
    power: Sequence[Power]


@dataclass(frozen=True)
class Traced:
    """A control that was trained, and the clusters of its rows by the clustering's name."""

    control: Control
    control_result: ControlResult
    clusters: Mapping[str, Integers]

    @property
    def explained(self) -> dict[str, float]:
        """Return the R^2 of its rows held out, or trained on where none are."""
        problem = self.control.problem
        mean = reconstruction.predicting_the_mean(problem.x, problem.rows).rows
        name, of = problem.rows.evaluated
        whole = mean[of].mean()
        r2 = 1 - self.control_result.errors[of].mean() / whole if whole > 0 else np.nan
        return {f"reconstruction.{name}.r2": float(r2)}

    @property
    def neighbourhoods(self) -> Mapping[str, float]:
        """Return how well its neighbourhoods are kept."""
        measured = neighbourhoods.neighbourhoods(self.control.problem.x, self.control_result.z)
        return {f"neighbourhoods.{name}": measured[name] for name in neighbourhoods.NAMES}

    @property
    def separation(self) -> dict[str, float]:
        """Return how far its clusters are apart, not a number of fewer than two."""
        return {
            f"clustering.{name}.silhouette": mean_silhouette(self.control_result.z, codes)
            for name, codes in self.clusters.items()
        }


def gather(
    result: RunResult,
    probed: Probed,
    control_results: Sequence[ControlResult | None],
    monitor: Monitor,
) -> Evidence:
    """Return the evidence for what a run found, from its controls as they were trained.

    probed: what its model makes of each factor. monitor: callbacks, run after every control.
    """
    with threadpool_limits(1):  # on few rows, threads wait for each other for most of the time
        of_kind: dict[ControlKind, list[Traced]] = defaultdict(list)
        controls = result.planned.controls
        for number, (control, control_result) in enumerate(
            zip(controls, control_results, strict=True)
        ):
            monitor.on_step(number, len(controls), "evidence, models")
            if control_result:
                of_kind[control.kind].append(_traced(control, control_result, result))
        mine = [each for each in of_kind[ControlKind.repeat] if _is_the_run_s(each, result)]
        observed = _observed(mine[0]) | mine[0].separation if mine else {}
        null = {
            ControlKind.permuted: _by_number(
                [_observed(each) | _apart(each) for each in of_kind[ControlKind.permuted]]
            ),
            ControlKind.cloud: _by_number([_apart(each) for each in of_kind[ControlKind.cloud]]),
        }
    alike = [*of_kind[ControlKind.repeat], *of_kind[ControlKind.resample]]
    again = [each for each in alike if each.control is not result.planned.own[0]]
    known = _stability(result, again)
    others = [
        (each.control_result.z, each.control_result.weighed)
        for each in again
        if each.control_result.weighed
    ]
    methods = _methods(result, control_results)
    return Evidence(
        methods=methods,
        scree=linear.scree(result.problem.x, result.problem.rows),
        stability=known,
        cards=card_for_each(result, probed, others, known),
        labels=label_scores(result, methods[PCA]) if result.experiment.evidence.labels else [],
        rows=result.planned.rows,
        null=null,
        tested=[each for kind in null for each in tested(observed, null[kind], kind.value)],
        power=_power(of_kind[ControlKind.planted], null[ControlKind.permuted]),
    )


def _traced(control: Control, control_result: ControlResult, result: RunResult) -> Traced:
    if control is result.planned.own[0]:
        return Traced(control, control_result, result.clusters)
    experiment, label = control.experiment, control.problem.data.label
    specs = {} if control.kind is ControlKind.planted else experiment.clustering
    return Traced(
        control, control_result, find_each(specs, control_result.z, label, experiment.seed)
    )


def _observed(each: Traced) -> dict[str, float]:
    return each.explained | dict(each.neighbourhoods)


def _apart(each: Traced) -> dict[str, float]:
    """Return how far the clusters of a copy are apart; fewer than two are not, 0."""
    return {name: float(np.nan_to_num(value)) for name, value in each.separation.items()}


def _by_number(copies: Sequence[Mapping[str, float]]) -> dict[str, Floats]:
    names = copies[0] if copies else ()
    return {name: np.array([copy[name] for copy in copies]) for name in names}


def _methods(
    result: RunResult, control_results: Sequence[ControlResult | None]
) -> dict[str, Method]:
    problem = result.problem
    of = problem.rows.val
    others = baselines(problem.x, problem.rows, result.z.shape[1], result.experiment.seed)
    latents = [result.z, *(each.z for each in others)]
    kept = neighbourhoods.measure(problem.x, *latents)
    apart = distances.spearman(problem.x, *latents)
    errors = _errors(result, control_results)[:, of]
    ours = Method(result.z, result.residuals, None, kept[0], result.clusters, apart[0])
    return {AUTOENCODER: ours} | {
        each.name: Method(
            each.z,
            each.residuals,
            advantage(errors, each.residuals.rows[of]),
            kept[i],
            _clusters(result, each.z),
            apart[i],
        )
        for i, each in enumerate(others, 1)
    }


def _clusters(result: RunResult, z: Floats) -> dict[str, Integers]:
    """Return the clusters of a baseline's space, where there are classes to compare them with."""
    data = result.problem.data
    classes = any(isinstance(labels, Classes) for labels in data.labels)
    specs = result.experiment.clustering if classes else {}
    return find_each(specs, z, data.label, result.experiment.seed)


def _errors(result: RunResult, control_results: Sequence[ControlResult | None]) -> Floats:
    """Return the errors of the run's model and of those repeats that learnt from all rows too."""
    alike = [
        control_result.errors
        for control, control_result in zip(result.planned.controls, control_results, strict=True)
        if control_result
        and control.kind is ControlKind.repeat
        and len(result.planned.rows) == len(result.z)
    ]
    return np.array(alike or [result.residuals.rows])


def _is_the_run_s(each: Traced, result: RunResult) -> bool:
    """Return whether a training has the run's own seed, as tables without structure have."""
    return each.control.experiment.seed == result.experiment.seed


def _stability(result: RunResult, again: Sequence[Traced]) -> Stability | None:
    if not again:
        return None
    rows = result.planned.rows
    return stability(
        [result.z[rows], *(each.control_result.z for each in again)],
        {
            name: np.array([codes[rows], *(each.clusters[name] for each in again)])
            for name, codes in result.clusters.items()
        },
    )


def _power(planted: Sequence[Traced], null: Mapping[str, Floats]) -> list[Power]:
    numbers: dict[Group, list[float]] = defaultdict(list)
    for each in planted:
        assert each.control.group
        ((name, value),) = each.explained.items()
        numbers[each.control.group].append(value)
    if not numbers or name not in null:
        return []
    arrays = {group: np.array(values) for group, values in numbers.items()}
    return power(arrays, null[name])
