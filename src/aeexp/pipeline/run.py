"""An experiment, from its words to its artefacts. Nothing here touches the run directory."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache, partial

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.controls import ControlKind, ControlResult, Plan, plan
from aeexp.analysis.factors import attribution, interpretation
from aeexp.config.options import class_name
from aeexp.config.spec import Experiment, Structure, Table
from aeexp.data import Floats
from aeexp.data.prepare import Problem, Problems, constant
from aeexp.models import Network
from aeexp.pipeline.members import member
from aeexp.pipeline.results import Fitted, after_training, before_training
from aeexp.pipeline.tasks import Callbacks, answer
from aeexp.present.figures.reconstruction import chosen_rows
from aeexp.present.text.command import with_command
from aeexp.runs.artifact import Artifact, Model
from aeexp.runs.progress import Monitor
from aeexp.training import Trained, engine, train

log = logging.getLogger(__name__)


def run(
    experiment: Experiment,
    monitor: Monitor | None = None,
    callbacks: Callbacks = (),
    problems: Problems | None = None,
    words: Sequence[str] | None = None,
) -> Iterator[Artifact]:
    """Yield each artefact as soon as it is known.

    callbacks: `keras.callbacks.Callback`s of your own, which hear of the training; they need
    another engine than the compiled one. problems: may have posed the experiment before. words: of
    the command line that says the experiment, if one does.

    Raises:
        UserError: The experiment asks for what its table cannot give; nothing was yielded.
        DivergedError: The loss was lost; what was known by then has been yielded.
    """
    monitor = monitor or Monitor()
    engine(experiment, callbacks)  # refuses what cannot be trained
    with monitor.stage("load"):
        problem = (problems or Problems()).pose(experiment)
    monitor.on_start(experiment, problem)
    for artifact in answer(experiment.question, experiment, problem, monitor, callbacks):
        yield artifact if words is None else with_command(artifact, words)


@answer.register
def _(
    question: Structure,
    experiment: Experiment,
    problem: Problem,
    monitor: Monitor,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    yield from before_training(experiment, problem)
    planned = plan(experiment, problem)
    trained = train([*map(member, planned.all)], monitor, callbacks)
    monitor.on_trained(trained.seconds, trained.compile)

    def made() -> Fitted:
        return fitted(planned, trained)

    histories = trained.histories[: len(planned.own)]
    yield from after_training(planned, histories, made, monitor)


def fitted(planned: Plan, trained: Trained) -> Fitted:
    """Return a trained network as it is kept, and what it makes of the table.

    trained: all that was planned, or without the last if it was interrupted.
    """
    experiment, problem, network = planned.experiment, planned.problem, trained.network(0)
    x, z = problem.x, network.encode(problem.x)
    residuals = reconstruction.residuals(x, lambda block: network.decode(z[block]), problem.rows)
    slopes = cache(partial(_slopes, network, x))
    weights, quantity = _attribution(experiment, network, slopes)
    same = np.isin(problem.data.features, constant(problem.data, problem.rows))
    return Fitted(
        _model(experiment, problem, network),
        z,
        residuals,
        network.decode(z[chosen_rows(*x.shape)]),
        np.where(same[:, None], 0, weights),
        quantity,
        attribution.probe(x, z, problem.rows, network, slopes()) if planned.controls else None,
        []
        if trained.interrupted
        else [*_control_results(planned, trained, ControlResult(z, residuals.rows, None))],
    )


def _control_results(
    planned: Plan, trained: Trained, own: ControlResult
) -> Iterator[ControlResult | None]:
    """Yield the result of each control. own: of the run's model, which may be one of them."""
    first = len(planned.all) - len(planned.controls)
    for number, control in enumerate(planned.controls, first):
        if number == 0:
            yield own
            continue
        if trained.histories[number].diverged:
            yield None
            continue
        network, x = trained.network(number), control.problem.x
        z = network.encode(x)
        errors = np.square(x - network.decode(z), dtype=np.float64).mean(1)
        weighed = None
        if control.kind in {ControlKind.repeat, ControlKind.resample}:
            weighed = attribution.weigh(x, z, control.problem.rows, network, _slopes(network, x))
        yield ControlResult(z, errors, weighed)


def _model(experiment: Experiment, problem: Problem, network: Network) -> Model:
    features, scaling = problem.data.features, problem.scaling
    own = experiment.dataset if isinstance(experiment.dataset, Table) else None
    return Model(
        "model",
        architecture={
            "spec": class_name(type(experiment.model)),
            "features": features,
            **asdict(experiment.model),
        },
        preprocessing={
            "spec": class_name(type(experiment.preprocessing)),
            "id": own.id if own else None,
            "columns": [asdict(column) for column in problem.data.columns],
            "missing": problem.data.missing.value,
            "infinite": own.infinite.value if own else None,
            "features": features,
            "offset": scaling.offset.tolist(),
            "scale": scaling.scale.tolist(),
        },
        weights=network.weights(),
        export=_export(network),
    )


def _export(network: Network) -> bytes | None:
    """Return the model for other programs; None where a layer of a package cannot be saved."""
    try:
        return network.export()
    except (NotImplementedError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        log.warning("model.keras is not written, as Keras cannot save a layer: %s", reason)
        return None


def _attribution(
    experiment: Experiment, network: Network, slopes: Callable[[], Floats]
) -> tuple[Floats, str]:
    """Return what ties features to factors, (features, factors), and what it is."""
    weighted = experiment.model.own_method("weighted")
    if weighted and weighted():
        return network.weights()["z/kernel"], "encoder weight"
    return slopes(), "mean encoder Jacobian"


def _slopes(network: Network, x: Floats) -> Floats:
    return network.mean_jacobian(x[interpretation.sampled(len(x))])
