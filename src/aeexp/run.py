"""An experiment, from its words to its artefacts. Nothing here touches the disk."""

import logging
from collections.abc import Iterator
from dataclasses import asdict

import keras

from aeexp.analysis import clusters, interpretation, reconstruction
from aeexp.analysis.verdict import lost
from aeexp.artifact import Artifact, DivergedError, Facts, Model, Table
from aeexp.concerns import concerns
from aeexp.data import Floats, fingerprint
from aeexp.findings import Findings, tell, undefined
from aeexp.gallery import draw
from aeexp.models import Network, build
from aeexp.problem import Problem, pose
from aeexp.spec import Autoencoder, Experiment
from aeexp.training import History, train
from aeexp.watch import Watch

log = logging.getLogger(__name__)


def run(experiment: Experiment, watch: Watch | None = None) -> Iterator[Artifact]:
    """Yield each artefact as soon as it is known.

    Raises:
        ValueError: The experiment asks for what its table cannot give; nothing was yielded.
        DivergedError: The loss was lost; what was known by then has been yielded.
    """
    watch = watch or Watch()
    with watch.stage("load"):
        problem = pose(experiment)
    yield Facts("table", {"data_hash": fingerprint(problem.data)})
    watch.posed(experiment, problem)
    for concern in concerns(experiment, problem):
        log.warning(concern)
    with watch.stage("build"):
        keras.utils.set_random_seed(experiment.seed)
        network = build(experiment.model, len(problem.data.features), experiment.regulariser)
    x, rows = problem.x, problem.rows
    history = train(experiment, network, x[rows.train], x[rows.val], watch)
    watch.trained(history.seconds, history.compile)
    yield Table("history", history.columns())
    if history.diverged:
        yield undefined(problem, experiment.clustering)
        yield Facts("verdict", {"verdict": asdict(lost(history.loss))})
        yield from draw(experiment.figures, history, None)
        raise DivergedError
    yield _model(experiment, problem, network)
    with watch.stage("analyse"):
        found = _find(experiment, problem, network, history)
        yield from tell(found)
    with watch.stage("figures"):
        yield from draw(experiment.figures, history, found)


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
    experiment: Experiment, problem: Problem, network: Network, history: History
) -> Findings:
    z = network.encode(problem.x)
    weights, quantity = _attribution(experiment, network, problem.x)
    return Findings(
        problem=problem,
        history=history,
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
