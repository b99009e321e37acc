"""An experiment, from its words to its artefacts. Nothing here touches the run directory."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from aeexp.analysis import interpretation, reconstruction
from aeexp.artifact import Artifact, Model
from aeexp.data import Floats
from aeexp.figures.reconstruction import chosen_rows
from aeexp.models import Network
from aeexp.problem import Problem, Problems
from aeexp.report import Fitted, begin, report
from aeexp.spec import Autoencoder, Experiment, Table
from aeexp.training import Member, engine, train
from aeexp.watch import Watch


def run(
    experiment: Experiment,
    watch: Watch | None = None,
    callbacks: Sequence[Any] = (),
    problems: Problems | None = None,
) -> Iterator[Artifact]:
    """Yield each artefact as soon as it is known.

    callbacks: `keras.callbacks.Callback`s of your own, which hear of the training; they need
    another engine than the compiled one. problems: may have posed the experiment before.

    Raises:
        ValueError: The experiment asks for what its table cannot give; nothing was yielded.
        DivergedError: The loss was lost; what was known by then has been yielded.
    """
    watch = watch or Watch()
    engine(experiment, callbacks)  # refuses what cannot be trained
    with watch.stage("load"):
        problem = (problems or Problems()).pose(experiment)
    watch.posed(experiment, problem)
    yield from begin(experiment, problem)
    trained = train(members(experiment, problem), watch, callbacks)
    watch.trained(trained.seconds, trained.compile)

    def first() -> Fitted:
        return fitted(experiment, problem, trained.network(0))

    yield from report(experiment, problem, trained.histories, first, watch)


def members(experiment: Experiment, problem: Problem) -> list[Member]:
    """Return the repeats of an experiment: they differ in their seeds."""
    rows = problem.rows
    seeds = [(experiment.seed + i) % 2**32 for i in range(experiment.repeats)]
    return [
        Member(
            experiment=replace(experiment, seed=seed), x=problem.x, rows=rows.train, val=rows.val
        )
        for seed in seeds
    ]


def fitted(experiment: Experiment, problem: Problem, network: Network) -> Fitted:
    """Return a trained network as it is kept, and what it makes of the table."""
    x, z = problem.x, network.encode(problem.x)
    weights, quantity = _attribution(experiment, network, x)
    return Fitted(
        _model(experiment, problem, network),
        z,
        reconstruction.residuals(x, lambda block: network.decode(z[block]), problem.rows),
        network.decode(z[chosen_rows(*x.shape)]),
        weights,
        quantity,
    )


def _model(experiment: Experiment, problem: Problem, network: Network) -> Model:
    features, scaling = problem.data.features, problem.scaling
    own = experiment.dataset if isinstance(experiment.dataset, Table) else None
    return Model(
        "model",
        architecture={
            "spec": type(experiment.model).__name__,
            "features": features,
            **asdict(experiment.model),
        },
        preprocessing={
            "spec": type(experiment.preprocessing).__name__,
            "id": own.id if own else None,
            "columns": [asdict(column) for column in problem.data.columns],
            "missing": problem.data.missing.value,
            "infinite": own.infinite.value if own else None,
            "features": features,
            "offset": scaling.offset.tolist(),
            "scale": scaling.scale.tolist(),
        },
        weights=network.weights(),
        export=network.export(),
    )


def _attribution(experiment: Experiment, network: Network, x: Floats) -> tuple[Floats, str]:
    """Return what ties features to factors, (features, factors), and what it is."""
    if isinstance(experiment.model, Autoencoder) and not experiment.model.hidden:
        return network.weights()["z/kernel"], "encoder weight"
    return network.slopes(x[interpretation.sampled(len(x))]), "mean encoder Jacobian"
