"""An experiment, from its words to its artefacts. Nothing here touches the disk."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from aeexp.analysis import clusters, interpretation, reconstruction
from aeexp.analysis.verdict import lost
from aeexp.artifact import Artifact, DivergedError, Facts, Model, Table
from aeexp.concerns import concerns
from aeexp.data import Floats, fingerprint
from aeexp.findings import Findings, repeated, tell, undefined
from aeexp.gallery import draw
from aeexp.models import Network
from aeexp.problem import Problem, pose
from aeexp.spec import Autoencoder, Experiment
from aeexp.training import History, Member, engine, train
from aeexp.watch import Watch

log = logging.getLogger(__name__)


def run(
    experiment: Experiment, watch: Watch | None = None, callbacks: Sequence[Any] = ()
) -> Iterator[Artifact]:
    """Yield each artefact as soon as it is known.

    callbacks: `keras.callbacks.Callback`s of your own, which hear of the training; they need
    another engine than the compiled one.

    Raises:
        ValueError: The experiment asks for what its table cannot give; nothing was yielded.
        DivergedError: The loss was lost; what was known by then has been yielded.
    """
    watch = watch or Watch()
    engine(experiment, callbacks)  # refuses what cannot be trained
    with watch.stage("load"):
        problem = pose(experiment)
    yield Facts("table", {"data_hash": fingerprint(problem.data)})
    watch.posed(experiment, problem)
    for concern in concerns(experiment, problem):
        log.warning(concern)
    trained = train(_population(experiment, problem), watch, callbacks)
    watch.trained(trained.seconds, trained.compile)
    histories, history = trained.histories, trained.histories[0]
    yield Table("history", history.columns())
    if experiment.repeats > 1:
        yield Table("repeats", repeated(experiment.seed, histories))
    if history.diverged:
        yield undefined(problem, experiment, histories)
        yield Facts("verdict", {"verdict": asdict(lost(history.loss))})
        yield from draw(experiment.figures, histories, None)
        raise DivergedError
    network = trained.network(0)
    yield _model(experiment, problem, network)
    with watch.stage("analyse"):
        found = _find(experiment, problem, network, histories)
        yield from tell(found)
    with watch.stage("figures"):
        yield from draw(experiment.figures, histories, found)


def _population(experiment: Experiment, problem: Problem) -> list[Member]:
    """Return the repeats of an experiment: they differ in their seeds."""
    rows = problem.rows
    seeds = [(experiment.seed + i) % 2**32 for i in range(experiment.repeats)]
    return [
        Member(
            experiment=replace(experiment, seed=seed), x=problem.x, rows=rows.train, val=rows.val
        )
        for seed in seeds
    ]


def _model(experiment: Experiment, problem: Problem, network: Network) -> Model:
    features, scaling = problem.data.features, problem.scaling
    return Model(
        "model",
        architecture={
            "spec": type(experiment.model).__name__,
            "features": features,
            **asdict(experiment.model),
        },
        preprocessing={
            "spec": type(experiment.preprocessing).__name__,
            "features": features,
            "offset": scaling.offset.tolist(),
            "scale": scaling.scale.tolist(),
        },
        weights=network.weights(),
        export=network.export(),
    )


def _find(
    experiment: Experiment, problem: Problem, network: Network, histories: list[History]
) -> Findings:
    z = network.encode(problem.x)
    weights, quantity = _attribution(experiment, network, problem.x)
    return Findings(
        problem=problem,
        histories=histories,
        repeats=experiment.repeats,
        z=z,
        x_hat=network.decode(z),
        x_pca=reconstruction.pca(problem.x, problem.rows.train, experiment.model.latent_dim),
        weights=weights,
        quantity=quantity,
        clusters={
            name: clusters.find(spec, z, problem.data.labels, experiment.seed)
            for name, spec in experiment.clustering.items()
        },
    )


def _attribution(experiment: Experiment, network: Network, x: Floats) -> tuple[Floats, str]:
    """Return what ties features to factors, (features, factors), and what it is."""
    if isinstance(experiment.model, Autoencoder) and not experiment.model.hidden:
        return network.weights()["z/kernel"], "encoder weight"
    return interpretation.mean_jacobian(network.encode, x), "mean encoder Jacobian"
