"""The evidence for the result of a run, computed from its controls."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering.clusters import find_each, has_several_classes
from aeexp.analysis.clustering.density import Peaks, peaks
from aeexp.analysis.clustering.other_clusters import GroupComparison, compare
from aeexp.analysis.clustering.separation import mean_silhouette
from aeexp.analysis.controls import Control, ControlKind, ControlResult
from aeexp.analysis.depth import Depth, depth_of
from aeexp.analysis.evidence import linear
from aeexp.analysis.evidence.advantage import advantage
from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA, Method, baselines
from aeexp.analysis.evidence.chance import PermutationTest, tested
from aeexp.analysis.evidence.power import Group, Power, power
from aeexp.analysis.evidence.stability import Stability, stability
from aeexp.analysis.factors.attribution import FactorAttribution
from aeexp.analysis.factors.cards import Card, run_cards
from aeexp.analysis.labels.batch import Batch, batch_of
from aeexp.analysis.labels.label_scores import label_scores
from aeexp.analysis.labels.scores import Score
from aeexp.analysis.latent import distances, neighbourhoods
from aeexp.analysis.result import RunResult
from aeexp.config.spec import Space
from aeexp.config.spec.split import FEWEST_ROWS
from aeexp.data import Classes, Floats, Integers
from aeexp.data.design import EXCHANGEABLE, Design
from aeexp.data.quality.gross import GrossCell, gross_cells
from aeexp.runs.progress import Monitor


@dataclass(frozen=True)
class Evidence:
    """Comparisons that support or question the result of a run.

    methods: by name, the autoencoder first. scree: (components,), shares of the variance of the
    training rows. stability: over repeats and resamples, None if there are none. cards: one for
    each factor. labels: scores of predicting labels. rows: (rows of the controls,), their indices
    in the table of the run. groups: by the name of a clustering, its clusters compared with those
    of the scaled table; empty if the table is too large. null: (copies,) by metric and by kind of
    table without structure. peaks: of the density in the space of each clustering, by its name;
    empty without clouds or for few rows. tables: the number of each copy's table, by kind.
    tested: the run's metrics with their p-values. power: of planted groups, by rising size.
    design: of the rows of the controls. batch: None without one. gross: cells far from the others
    of their column, unless scaled values are limited. depth: None if the total of a row has no
    meaning. codes: numbers of the table that probably mean "missing". is_compressed: whether there
    are fewer factors than columns. is_sufficient: whether there are 20 rows and two columns.
    """

    methods: Mapping[str, Method]
    scree: Floats
    stability: Stability | None
    cards: Sequence[Card]
    labels: Sequence[Score]
    rows: Integers
    groups: Mapping[str, GroupComparison]
    null: Mapping[ControlKind, Mapping[str, Floats]]
    tables: Mapping[ControlKind, Sequence[int]]
    tested: Sequence[PermutationTest]
    power: Sequence[Power]
    peaks: Mapping[str, Peaks] = field(default_factory=dict)
    design: Design = EXCHANGEABLE
    batch: Batch | None = None
    gross: Sequence[GrossCell] = ()
    depth: Depth | None = None
    codes: tuple[str, ...] = ()
    is_compressed: bool = True
    is_sufficient: bool = True


@dataclass(frozen=True)
class Measured:
    """A trained control with the clusters of its rows, by the name of the clustering."""

    control: Control
    result: ControlResult
    clusters: Mapping[str, Integers]

    @property
    def z(self) -> Floats:
        """Return its latent coordinates: (rows, factors)."""
        return self.result.z

    @property
    def r2(self) -> dict[str, float]:
        """Return R^2 of its held-out rows, or of its training rows if none are held out."""
        problem = self.control.problem
        mean = reconstruction.predicting_the_mean(problem.x, problem.rows).rows
        part, rows = problem.rows.evaluated
        variance = mean[rows].mean()
        r2 = 1 - self.result.errors[rows].mean() / variance if variance > 0 else np.nan
        return {f"reconstruction.{part}.r2": float(r2)}

    @property
    def quality(self) -> dict[str, float]:
        """Return R^2, trustworthiness and continuity."""
        measured = neighbourhoods.neighbourhoods(self.control.problem.x, self.z)
        names = neighbourhoods.NAMES
        return self.r2 | {f"neighbourhoods.{name}": measured[name] for name in names}

    @property
    def silhouettes(self) -> dict[str, float]:
        """Return the mean silhouette of each clustering, NaN for fewer than two clusters."""
        return {
            f"clustering.{name}.silhouette": mean_silhouette(self._coordinates(name), codes)
            for name, codes in self.clusters.items()
        }

    def _coordinates(self, clustering: str) -> Floats:
        """Return the coordinates of the rows in the space of a clustering."""
        return self.result.coordinates[self.control.experiment.clustering[clustering].space]

    @property
    def null_silhouettes(self) -> dict[str, float]:
        """Return the same with 0 for fewer than two clusters, which are not separated."""
        return {name: float(np.nan_to_num(value)) for name, value in self.silhouettes.items()}


def gather(
    result: RunResult,
    probed: FactorAttribution,
    control_results: Sequence[ControlResult | None],
    monitor: Monitor,
) -> Evidence:
    """Return the evidence for the result of a run.

    probed: the attribution of the factors of the run's model. control_results: None for controls
    that diverged. monitor: its callbacks are run before every control.
    """
    with threadpool_limits(1):  # on few rows, threads mostly wait for each other
        by_kind = _measured_by_kind(result, control_results, monitor)
        repeats = by_kind[ControlKind.repeat]
        wanted = result.planned.observed
        models = (*repeats, *by_kind[ControlKind.fold])
        own_run = next((model for model in models if model.control is wanted), None)
        observed = own_run.quality | own_run.silhouettes if own_run else {}
        permuted, clouds = by_kind[ControlKind.permuted], by_kind[ControlKind.cloud]
        null = {
            ControlKind.permuted: _by_metric([m.quality | m.null_silhouettes for m in permuted]),
            ControlKind.cloud: _by_metric([m.null_silhouettes for m in clouds]),
        }
        found = _peaks(result) if clouds else {}
        prominences = {f"clustering.{name}.prominence": p for name, p in found.items()}
        observed |= {metric: several.prominence for metric, several in prominences.items()}
        null[ControlKind.uniform] = {m: several.uniform for m, several in prominences.items()}
    retrained = [
        model
        for model in (*repeats, *by_kind[ControlKind.resample])
        if model.control is not result.planned.own[0]
    ]
    rows, clusterings = result.planned.rows, _clusterings(result, retrained)
    stable = _stability(result, retrained, clusterings, permuted)
    weighed = [(model.z, model.result.weighed) for model in retrained if model.result.weighed]
    methods, data = _methods(result, control_results), result.problem.data
    return Evidence(
        methods=methods,
        scree=linear.scree(result.problem.x, result.problem.rows),
        stability=stable,
        cards=run_cards(result, probed, weighed, stable),
        labels=label_scores(result, methods[PCA]) if result.experiment.evidence.labels else [],
        rows=rows,
        groups=_groups(result, clusterings),
        null=null,
        tables={
            kind: [model.control.number for model in by_kind[kind]]
            for kind in (ControlKind.permuted, ControlKind.cloud)
        },
        tested=[test for kind in null for test in tested(observed, null[kind], kind.value)],
        power=_power(by_kind[ControlKind.planted], null[ControlKind.permuted]),
        peaks=found,
        design=result.problem.data.design.take(rows),
        batch=batch_of(data),
        gross=[] if result.experiment.preprocessing.clip else gross_cells(data.x),
        depth=depth_of(data, result.z),
        codes=data.codes,
        is_compressed=result.z.shape[1] < data.x.shape[1],
        is_sufficient=len(data.x) >= FEWEST_ROWS and data.x.shape[1] > 1,
    )


def _measured_by_kind(
    result: RunResult, control_results: Sequence[ControlResult | None], monitor: Monitor
) -> Mapping[ControlKind, list[Measured]]:
    """Return the controls that did not diverge; see `gather`."""
    controls = result.planned.controls
    by_kind: dict[ControlKind, list[Measured]] = defaultdict(list)
    for number, (control, of_control) in enumerate(zip(controls, control_results, strict=True)):
        monitor.on_step(number, len(controls), "evidence, models")
        if of_control:
            by_kind[control.kind].append(_measured(control, of_control, result))
    return by_kind


def _peaks(result: RunResult) -> dict[str, Peaks]:
    """Return the density peaks in the space of each clustering, by its name."""
    clusterings = result.experiment.clustering
    spaces = {spec.space for spec in clusterings.values()}
    by_space = {space: peaks(main_axes(result, space)[result.planned.rows]) for space in spaces}
    found = {name: by_space[spec.space] for name, spec in clusterings.items()}
    return {name: several for name, several in found.items() if several}


def main_axes(result: RunResult, space: Space) -> Floats:
    """Return the coordinates of the rows on as many axes as there are factors: (rows, factors).

    Reconstructions have less curvature on their first principal axes.
    """
    return result.coordinates[space][:, : result.z.shape[1]]


def _measured(control: Control, of_control: ControlResult, result: RunResult) -> Measured:
    if control is result.planned.own[0]:
        return Measured(control, of_control, result.clusters)
    experiment, label = control.experiment, control.problem.data.label
    specs = {} if control.kind is ControlKind.planted else experiment.clustering
    clusters = find_each(specs, of_control.coordinates, label, experiment.seed)
    return Measured(control, of_control, clusters)


def _by_metric(copies: Sequence[Mapping[str, float]]) -> dict[str, Floats]:
    names = copies[0] if copies else ()
    return {name: np.array([copy[name] for copy in copies]) for name in names}


def _methods(
    result: RunResult, control_results: Sequence[ControlResult | None]
) -> dict[str, Method]:
    problem, experiment = result.problem, result.experiment
    part, judged = problem.rows.evaluated
    fitted = baselines(problem, result.z.shape[1], experiment.seed)
    latents = [result.z, *(baseline.z for baseline in fitted)]
    preserved = neighbourhoods.measure(problem.x, *latents)
    correlations = distances.spearman(problem.x, *latents)
    # errors of the run's model and of the repeats that learnt from the same rows
    errors = [
        of_control.errors[judged]
        for control, of_control in zip(result.planned.controls, control_results, strict=True)
        if of_control
        and control.kind is ControlKind.repeat
        and part != "train"
        and len(result.planned.rows) == len(result.z)
    ]
    own_errors = np.array(errors or [result.residuals.held_out.rows])
    folds = problem.fold_of if problem.folds else None
    # clusters of the baselines' spaces are needed only for the comparison with classes
    has_classes = any(isinstance(labels, Classes) for labels in problem.data.labels)
    specs = experiment.clustering if has_classes else {}
    autoencoder = Method(
        result.z, result.residuals, None, preserved[0], result.clusters, correlations[0]
    )
    return {AUTOENCODER: autoencoder} | {
        baseline.name: Method(
            baseline.z,
            baseline.residuals,
            advantage(own_errors, baseline.residuals.held_out.rows, folds, problem.judged_units),
            preserved[i],
            find_each(specs, baseline.coordinates, problem.data.label, experiment.seed),
            correlations[i],
        )
        for i, baseline in enumerate(fitted, 1)
    }


def _clusterings(result: RunResult, retrained: Sequence[Measured]) -> dict[str, Integers]:
    """Return the clusters of the run's model and of others, (models, rows), by clustering."""
    rows = result.planned.rows
    return {
        name: np.array([codes[rows], *(model.clusters[name] for model in retrained)])
        for name, codes in result.clusters.items()
    }


def _stability(
    result: RunResult,
    retrained: Sequence[Measured],
    clusterings: Mapping[str, Integers],
    permuted: Sequence[Measured],
) -> Stability | None:
    if not retrained:
        return None
    rows = result.planned.rows
    return stability(
        [
            {space: points[rows] for space, points in result.coordinates.items()},
            *(model.result.coordinates for model in retrained),
        ],
        clusterings,
        [model.z for model in permuted],
    )


def _groups(
    result: RunResult, clusterings: Mapping[str, Integers]
) -> Mapping[str, GroupComparison]:
    rows, data = result.planned.rows, result.problem.data
    labels, design = data.own_labels, data.design.take(rows)
    classes = next((label.take(rows) for label in labels if has_several_classes(label)), None)
    return {
        name: compare(clusterings[name], codes[rows], classes, design, result.experiment.seed)
        for name, codes in result.table_clusters.items()
    }


def _power(planted: Sequence[Measured], null: Mapping[str, Floats]) -> list[Power]:
    by_group: dict[Group, list[float]] = defaultdict(list)
    for model in planted:
        assert model.control.group
        ((metric, value),) = model.r2.items()
        by_group[model.control.group].append(value)
    if not by_group or metric not in null:
        return []
    return power({group: np.array(values) for group, values in by_group.items()}, null[metric])
