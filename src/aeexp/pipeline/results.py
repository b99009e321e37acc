"""The artifacts of a run before and after its training. Nothing here needs Keras."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering import clusters
from aeexp.analysis.controls import ControlResult, Plan
from aeexp.analysis.divergence import divergence
from aeexp.analysis.evidence.gather import gather
from aeexp.analysis.factors.attribution import FactorAttribution
from aeexp.analysis.latent.reconstructed import Reconstructed
from aeexp.analysis.reconstruction import Residuals
from aeexp.analysis.result import RunResult
from aeexp.analysis.support import KnownRows, support
from aeexp.config.spec import Experiment, Space
from aeexp.data import Floats, fingerprint
from aeexp.data.checks import setting_warnings
from aeexp.data.prepare import Problem
from aeexp.present.figures.run_figures import draw
from aeexp.present.tables.run import repeats_table, run_artifacts, undefined_metrics
from aeexp.present.text.evidence import label_caveats
from aeexp.present.text.training import verdict_document
from aeexp.runs.artifact import Artifact, DivergedError, Model, RunMetadata, Support, Table
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.text import printable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelOutput:
    """A trained model and its output for the table.

    z: (rows, factors). deviations: their standard deviations, or None. residuals: of the
    reconstruction. reconstructed: the reconstructions on their principal axes. x_hat: (shown,
    features), scaled, the rows that figures show. weights:
    (features, factors), 0 for features that are constant in the training rows, since training did
    not change those weights. quantity: the meaning of `weights`. probed: the attribution of the
    factors, None without controls. control_results: one for each control, None if it diverged;
    empty if training was interrupted.
    """

    model: Model
    z: Floats
    deviations: Floats | None
    residuals: Residuals
    reconstructed: Reconstructed
    x_hat: Floats
    weights: Floats
    quantity: str
    probed: FactorAttribution | None
    control_results: Sequence[ControlResult | None]


def before_training(experiment: Experiment, problem: Problem) -> Iterator[Artifact]:
    """Yield the metadata of the table, and log warnings about unusual settings."""
    data = problem.data
    warnings = [printable(warning) for warning in setting_warnings(experiment, problem)]
    metadata = {"data_hash": fingerprint(data), "notes": [*data.notes, *warnings]}
    yield RunMetadata("table", metadata | {"stamps": [*label_caveats(experiment, data)]})
    for note in data.notes:
        log.info(note)
    for warning in warnings:
        log.warning(warning)


def after_training(
    planned: Plan,
    histories: Sequence[History],
    folds: Sequence[History],
    output: Callable[[], ModelOutput],
    monitor: Monitor,
) -> Iterator[Artifact]:
    """Yield the artifacts that follow from a training, each as soon as it is ready.

    histories: of the run's model, then of its repeats. folds: of the models of cross-fitting.
    output: computes the output of the run's model; it is not called if that model diverged.

    Raises:
        DivergedError: The run's model diverged. Its history and verdict have been yielded, but no
            model: earlier weights could be mistaken for the result of the training.
    """
    experiment, problem = planned.experiment, planned.problem
    yield Table("history", histories[0].columns())
    if len(planned.own) > 1:
        yield Table("repeats", repeats_table([c.experiment.seed for c in planned.own], histories))
    if planned.choice:
        yield Table("candidates", planned.choice.columns)
    if histories[0].diverged:
        yield undefined_metrics(planned, histories)
        yield RunMetadata("verdict", {"verdict": verdict_document(divergence(histories[0]))})
        yield from draw(experiment.figures, histories)
        raise DivergedError
    fit = output()
    yield fit.model
    with monitor.stage("analyse"):
        result = _analyse(planned, histories, folds, fit)
        training_support = support(
            problem.data.x,
            result.residuals.rows,
            problem.rows.train,
            KnownRows(
                result.z,
                result.reconstructed,
                result.clusters,
                {name: spec.space for name, spec in experiment.clustering.items()},
            ),
        )
        imputation = problem.preprocessing.imputation
        fill = asdict(imputation) if imputation else {}
        effects = problem.preprocessing.effects
        learnt = effects.arrays if effects else {}
        yield Support("model/support", training_support.arrays | fill | learnt)
    with monitor.stage("evidence"):
        evidence = (
            gather(result, fit.probed, fit.control_results, monitor)
            if fit.probed and fit.control_results
            else None
        )
        yield from run_artifacts(result, evidence, training_support)
    with monitor.stage("figures"):
        yield from draw(experiment.figures, histories, result, evidence)


def _analyse(
    planned: Plan, histories: Sequence[History], folds: Sequence[History], output: ModelOutput
) -> RunResult:
    experiment, problem = planned.experiment, planned.problem
    return RunResult(
        planned=planned,
        histories=histories,
        z=output.z,
        deviations=output.deviations,
        residuals=output.residuals,
        reconstructed=output.reconstructed,
        x_hat=output.x_hat,
        folds=folds,
        pca=reconstruction.cross_fitted(
            problem, lambda p: reconstruction.pca(p.x, p.rows, experiment.model.latent_dim)
        ),
        weights=output.weights,
        quantity=output.quantity,
        clusters=clusters.find_each(
            experiment.clustering,
            {Space.latent: output.z, Space.reconstruction: output.reconstructed.points},
            problem.data.label,
            experiment.seed,
        ),
    )
