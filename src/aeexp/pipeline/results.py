"""From a trained model to what a run yields of it. Keras is no longer needed here."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aeexp.analysis import reconstruction, support
from aeexp.analysis.clustering import clusters
from aeexp.analysis.controls import ControlResult, Plan
from aeexp.analysis.evidence.gather import gather
from aeexp.analysis.factors.attribution import Probed
from aeexp.analysis.reconstruction import Residuals
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import divergence
from aeexp.config.spec import Experiment
from aeexp.data import Floats, fingerprint
from aeexp.data.checks import concerns
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
class Fitted:
    """A trained model, and what it makes of the table.

    model: as it is kept. z: (rows, factors). residuals: of its reconstruction. x_hat: (shown,
    features), scaled, of the rows that are drawn. weights: (features, factors), of which
    `quantity` says what they are, 0 of features that are constant in the training rows: no
    training changed these weights. probed: what it makes of each factor, None without controls.
    control_results: one for each control, None if it diverged; empty if training was interrupted.
    """

    model: Model
    z: Floats
    residuals: Residuals
    x_hat: Floats
    weights: Floats
    quantity: str
    probed: Probed | None
    control_results: Sequence[ControlResult | None]


def before_training(experiment: Experiment, problem: Problem) -> Iterator[Artifact]:
    """Yield what is known before the training, and warn of what is seldom meant."""
    data = problem.data
    warnings = [printable(concern) for concern in concerns(experiment, problem)]
    known = {"data_hash": fingerprint(data), "notes": [*data.notes, *warnings]}
    yield RunMetadata("table", known | {"stamps": [*label_caveats(experiment, data)]})
    for note in data.notes:
        log.info(note)
    for warning in warnings:
        log.warning(warning)


def after_training(
    planned: Plan,
    histories: Sequence[History],
    fitted: Callable[[], Fitted],
    monitor: Monitor,
) -> Iterator[Artifact]:
    """Yield what a training came to, each artefact as soon as it is known.

    histories: of the run's model, then of its repeats. fitted: asked for the model, unless it
    diverged.

    Raises:
        DivergedError: The loss was lost; what is known all the same has been yielded. That is no
            model: weights of before would be taken for a result of training, which they are not.
    """
    experiment = planned.experiment
    yield Table("history", histories[0].columns())
    if len(planned.own) > 1:
        yield Table("repeats", repeats_table(experiment.seed, histories))
    if histories[0].diverged:
        yield undefined_metrics(planned, histories)
        yield RunMetadata("verdict", {"verdict": verdict_document(divergence(histories[0]))})
        yield from draw(experiment.figures, histories)
        raise DivergedError
    fit = fitted()
    yield fit.model
    with monitor.stage("analyse"):
        result = _find(planned, histories, fit)
        held_against = _support(result)
        yield Support("model/support", _arrays(result, held_against))
    with monitor.stage("evidence"):
        evidence = (
            gather(result, fit.probed, fit.control_results, monitor)
            if fit.probed and fit.control_results
            else None
        )
        yield from run_artifacts(result, evidence, held_against)
    with monitor.stage("figures"):
        yield from draw(experiment.figures, histories, result, evidence)


def _support(result: RunResult) -> support.Support:
    """Return what the model learnt from, which other rows are held against."""
    problem, errors = result.problem, result.residuals.rows
    return support.support(problem.data.x, errors, problem.rows.train, result.z, result.clusters)


def _arrays(result: RunResult, held_against: support.Support) -> Mapping[str, Any]:
    """Return what the model is used with on other rows, what gaps are filled by included."""
    imputation = result.problem.preprocessing.imputation
    return held_against.arrays | (asdict(imputation) if imputation else {})


def _find(planned: Plan, histories: Sequence[History], fit: Fitted) -> RunResult:
    experiment, problem = planned.experiment, planned.problem
    return RunResult(
        planned=planned,
        histories=histories,
        z=fit.z,
        residuals=fit.residuals,
        x_hat=fit.x_hat,
        pca=reconstruction.pca(problem.x, problem.rows, experiment.model.latent_dim),
        weights=fit.weights,
        quantity=fit.quantity,
        clusters=clusters.find_each(
            experiment.clustering, fit.z, problem.data.label, experiment.seed
        ),
    )
