"""Run an experiment and yield its artifacts. Nothing here writes files."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.controls import ControlKind, ControlResult
from aeexp.analysis.factors import attribution
from aeexp.analysis.latent.reconstructed import components, reconstructed
from aeexp.analysis.reconstruction import Residuals
from aeexp.config.options import class_name
from aeexp.config.spec import Experiment, Structure, Table
from aeexp.data import Floats
from aeexp.data.prepare import Problem, ProblemCache
from aeexp.models import Network
from aeexp.pipeline.results import ModelOutput, after_training, before_training
from aeexp.pipeline.tasks import Callbacks, answer
from aeexp.pipeline.trainings import TrainedRun, train_runs
from aeexp.present.figures.reconstruction import chosen_rows
from aeexp.present.text.command import with_command
from aeexp.runs.artifact import Artifact, Model
from aeexp.runs.progress import Monitor
from aeexp.training import engine

log = logging.getLogger(__name__)


def run(
    experiment: Experiment,
    monitor: Monitor | None = None,
    callbacks: Callbacks = (),
    problems: ProblemCache | None = None,
    overrides: Sequence[str] | None = None,
) -> Iterator[Artifact]:
    """Yield each artifact of a run as soon as it is ready.

    callbacks: your own `keras.callbacks.Callback`s; they need another engine than the compiled
    one. problems: prepared data of earlier checks. overrides: of the command line, if one started
    the run; suggested commands repeat them.

    Raises:
        UserError: The experiment is not possible with its table; nothing was yielded.
        DivergedError: The training diverged; results up to then have been yielded.
    """
    monitor = monitor or Monitor()
    engine(experiment, callbacks)  # refuses an experiment that no engine can train
    with monitor.stage("load"):
        problem = (problems or ProblemCache()).prepare(experiment)
    monitor.on_start(experiment, problem)
    for artifact in answer(experiment.question, experiment, problem, monitor, callbacks):
        yield artifact if overrides is None else with_command(artifact, overrides)


@answer.register
def _(
    question: Structure,
    experiment: Experiment,
    problem: Problem,
    monitor: Monitor,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    yield from before_training(experiment, problem)
    (trained,) = train_runs([(experiment, problem)], monitor, callbacks)
    monitor.on_trained(trained.seconds, trained.compile)
    histories, folds = trained.histories, trained.fold_histories
    yield from after_training(
        trained.planned, histories, folds, lambda: model_output(trained), monitor
    )


def model_output(run: TrainedRun) -> ModelOutput:
    """Return the run's model, and its output for the table."""
    planned, trained = run.planned, run.trained
    experiment, problem = planned.experiment, planned.problem
    folds = [
        (_residuals(run.folds.network(i), fold.problem), fold.problem.rows)
        for i, fold in enumerate(planned.folds)
        if run.folds
    ]
    network = trained.network(0)
    x, z = problem.x, network.encode(problem.x)
    residuals = _residuals(network, problem).cross_fitted(folds)
    jacobian = cache(lambda: _mean_jacobian(network, x))
    weighted = experiment.model.own_method("weighted")
    if weighted and weighted():
        weights, quantity = network.weights()["z/kernel"], "encoder weight"
    else:
        weights, quantity = jacobian(), "mean encoder Jacobian"
    constants = np.isin(problem.data.features, problem.constant)
    surface = reconstructed(z, network.decode)
    own_result = ControlResult(z, surface.points, residuals.rows, None)
    return ModelOutput(
        model=_model(experiment, problem, network),
        z=z,
        deviations=network.deviations(x),
        residuals=residuals,
        reconstructed=surface,
        x_hat=network.decode(z[chosen_rows(*x.shape)]),
        weights=np.where(constants[:, None], 0, weights),
        quantity=quantity,
        probed=(
            attribution.probe(x, z, problem.rows, network, jacobian())
            if planned.controls
            else None
        ),
        control_results=([] if trained.interrupted else [*_control_results(run, own_result)]),
    )


def _residuals(network: Network, problem: Problem) -> Residuals:
    x = problem.x
    return reconstruction.residuals(x, lambda block: network.reconstruct(x[block]), problem.rows)


def _control_results(run: TrainedRun, own_result: ControlResult) -> Iterator[ControlResult | None]:
    """Yield the result of each control; the run's own result if its model is one of them."""
    planned = run.planned
    places = {id(control): (run.trained, i) for i, control in enumerate(planned.trained)}
    if run.folds:
        places |= {id(control): (run.folds, i) for i, control in enumerate(planned.folds)}
    for control in planned.controls:
        trained, number = places[id(control)]
        if control is planned.own[0]:
            yield own_result
            continue
        if trained.histories[number].diverged:
            yield None
            continue
        network, x = trained.network(number), control.problem.x
        z = network.encode(x)
        x_hat = network.decode(z)
        errors = np.square(x - x_hat, dtype=np.float64).mean(1)
        weighed = None
        if control.kind in {ControlKind.repeat, ControlKind.resample}:
            jacobian = _mean_jacobian(network, x)
            weighed = attribution.weigh(x, z, control.problem.rows, network, jacobian)
        yield ControlResult(z, components(x_hat), errors, weighed)


def _mean_jacobian(network: Network, x: Floats) -> Floats:
    return network.mean_jacobian(x[attribution.sampled(len(x))])


def _model(experiment: Experiment, problem: Problem, network: Network) -> Model:
    features, scaling = problem.data.features, problem.scaling
    effects, selection = problem.preprocessing.effects, problem.data.selection
    rows = selection.rows if selection else problem.preprocessing.rows
    table = experiment.dataset if isinstance(experiment.dataset, Table) else None
    try:
        export = network.export()
    except (NotImplementedError, TypeError, ValueError) as error:  # a layer of another package
        reason = " ".join(str(error).split())[:300]
        log.warning("model.keras is not written, as Keras cannot save a layer: %s", reason)
        export = None
    return Model(
        "model",
        architecture={
            "spec": class_name(type(experiment.model)),
            "features": features,
            **asdict(experiment.model),
        },
        preprocessing={
            "spec": class_name(type(experiment.preprocessing)),
            "id": table.id if table else None,
            "columns": [asdict(column) for column in problem.data.columns],
            "selected_from": [asdict(c) for c in selection.columns] if selection and rows else [],
            "missing": problem.data.missing.value,
            "infinite": table.infinite.value if table else None,
            "steps": asdict(problem.data.steps) if problem.data.steps else None,
            "covariates": [asdict(column) for column in effects.columns] if effects else [],
            "batch": effects.batch if effects else "",
            "transpose": table.transpose if table else None,
            "drop": table.drop if table and table.transpose else [],
            "pivot": table.pivot if table else [],
            "rename": table.rename if table else None,
            "na": table.na if table else [],
            "features": features,
            "offset": scaling.offset.tolist(),
            "scale": scaling.scale.tolist(),
            "rows": rows and {"kind": rows.kind.value, "reference": rows.reference.tolist()},
            "clip": experiment.preprocessing.clip,
        },
        weights=network.weights(),
        export=export,
    )
