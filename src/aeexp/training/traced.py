"""Whether layers and optimizers read the numbers that members differ in in each of their calls."""

from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
from keras import ops

from aeexp.config.spec import Experiment, OptimizerSpec
from aeexp.data import Floats
from aeexp.models import Network, build_seeded
from aeexp.training.optimizers import optimizer
from aeexp.training.population import (
    Member,
    copy_experiment,
    hyperparameters,
    network_builder,
    owners,
    set_hyperparameters,
)

ROWS = 8  # that two networks are compared on


def require_read(members: Sequence[Member], experiment: Experiment) -> None:
    """Refuse to train members together that differ in a number which is read while building.

    It would be the same for all of them. Of aeexp's own specs, tests hold that there is none.
    experiment: what the members have in common.

    Raises:
        RuntimeError: A model, a regulariser or an optimizer of a package has such a number.
    """
    common = hyperparameters(experiment)
    for key in _foreign(experiment):
        others = {hyperparameters(member.experiment)[key] for member in members} - {common[key]}
        if others and not is_read_per_call(experiment, members[0].x[:ROWS], key, others.pop()):
            message = (
                f"{key} is read while it is built, so that models which differ in it cannot train"
                " together: read it in each call, or declare it with param(..., traced=False)."
            )
            raise RuntimeError(message)


def _foreign(experiment: Experiment) -> Iterator[str]:
    """Yield the numbers of models, regularisers and optimizers that are not aeexp's own."""
    for key, spec, name in owners(experiment):
        own = type(spec).__module__.partition(".")[0] == "aeexp"
        if not own and key.partition(".")[0] in {"model", "regulariser", "optimizer"}:
            yield f"{key}.{name}"


def is_read_per_call(experiment: Experiment, x: Floats, key: str, value: float) -> bool:
    """Return whether what is given another number computes as what is built with it.

    x: (rows, features), scaled.
    """
    given, with_it = copy_experiment(experiment), copy_experiment(experiment)
    set_hyperparameters(with_it, {key: value})
    group, _, name = key.rpartition(".")
    if group == "optimizer":
        return name == "lr" or _same(*_steps(given.optimizer, with_it.optimizer, name))
    return _same(_outcome(given, x, {key: value}), _outcome(with_it, x, {}))


def changes_output(experiment: Experiment, x: Floats, key: str, value: float) -> bool:
    """Return whether another number changes anything that a network computes; see `is_read`."""
    return not _same(_outcome(experiment, x, {}), _outcome(experiment, x, {key: value}))


def training_outputs(network: Network, x: Floats) -> list[Floats]:
    """Return the reconstruction of rows in training, and what is added to the loss."""
    made = [network.training(x, training=True), *network.training.losses]
    return [ops.convert_to_numpy(each) for each in made]


def _same(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    return all(map(np.array_equal, one, other))


def _outcome(experiment: Experiment, x: Floats, after: Mapping[str, float]) -> list[Floats]:
    """Return what a network computes, with first weights and with others.

    after: numbers that it is given once it is built.
    """
    given = copy_experiment(experiment)
    network = build_seeded(network_builder(given, x.shape[1]), given.seed)
    set_hyperparameters(given, after)
    outcomes = [ops.convert_to_numpy(variable.value) for variable in network.variables]
    generator = np.random.default_rng(0)
    for _ in range(2):
        outcomes += [*training_outputs(network, x), ops.convert_to_numpy(network.encoder(x))]
        for variable in network.training.trainable_variables:  # first ones may be 0
            moved = variable.value + generator.normal(0.1, 0.1, variable.shape).astype("float32")
            variable.assign(moved)
    return outcomes


def _steps(given: OptimizerSpec, with_it: OptimizerSpec, name: str) -> list[list[Floats]]:
    """Return where two steps lead: of an optimizer that is given a number, and of one with it."""
    value = getattr(with_it, name)
    places = []
    for spec in (given, with_it):
        made = optimizer(spec, 0.1)
        setattr(made, name, value)
        variable = keras.Variable(np.ones(3, np.float32))
        made.build([variable])
        for step in (1.0, -0.5):
            made.apply([ops.convert_to_tensor(np.float32(step) * np.arange(3))], [variable])
        places.append([ops.convert_to_numpy(variable.value)])
    return places
