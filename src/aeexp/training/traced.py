"""Check that layers and optimizers read the members' hyperparameters in every call.

A hyperparameter that is read while a network is built would be the same in all members.
"""

from collections.abc import Mapping, Sequence

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

ROWS = 8  # for the comparison of two networks


def require_read(members: Sequence[Member], experiment: Experiment) -> None:
    """Check the hyperparameters in which members differ, of specs that are not aeexp's own.

    aeexp's own specs are checked by tests. experiment: the members' common experiment.

    Raises:
        RuntimeError: A package's model, regulariser or optimizer reads one while it is built.
    """
    common = hyperparameters(experiment)
    for prefix, spec, name in owners(experiment):
        foreign = type(spec).__module__.partition(".")[0] != "aeexp"
        if not foreign or prefix.partition(".")[0] not in {"model", "regulariser", "optimizer"}:
            continue
        key = f"{prefix}.{name}"
        values = {hyperparameters(member.experiment)[key] for member in members} - {common[key]}
        x = members[0].x[:ROWS]
        if values and not is_read_per_call(experiment, x, key, values.pop()):
            raise RuntimeError(
                f"{key} is read while it is built, so that models which differ in it cannot train"
                " together: read it in each call, or declare it with param(..., traced=False)."
            )


def is_read_per_call(experiment: Experiment, x: Floats, key: str, value: float) -> bool:
    """Return whether setting a value after building has the effect of building with the value.

    x: (rows, features), scaled.
    """
    before, after = copy_experiment(experiment), copy_experiment(experiment)
    set_hyperparameters(after, {key: value})
    group, _, name = key.rpartition(".")
    if group == "optimizer":
        return name == "lr" or _same(*_steps(before.optimizer, after.optimizer, name))
    return _same(_outputs(before, x, {key: value}), _outputs(after, x, {}))


def changes_output(experiment: Experiment, x: Floats, key: str, value: float) -> bool:
    """Return whether a value changes any output of a network; see `is_read_per_call`."""
    return not _same(_outputs(experiment, x, {}), _outputs(experiment, x, {key: value}))


def training_outputs(network: Network, x: Floats) -> list[Floats]:
    """Return the reconstruction of rows in training mode, then the terms added to the loss."""
    outputs = [network.training(x, training=True), *network.training.losses]
    return [ops.convert_to_numpy(output) for output in outputs]


def _same(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    return all(map(np.array_equal, one, other))


def _outputs(experiment: Experiment, x: Floats, values: Mapping[str, float]) -> list[Floats]:
    """Return a network's variables and outputs, with initial and with changed weights.

    values: hyperparameters to set once the network is built.
    """
    experiment = copy_experiment(experiment)
    network = build_seeded(network_builder(experiment, x.shape[1]), experiment.seed)
    set_hyperparameters(experiment, values)
    outputs = [ops.convert_to_numpy(variable.value) for variable in network.variables]
    generator = np.random.default_rng(0)
    for _ in range(2):
        outputs += [*training_outputs(network, x), ops.convert_to_numpy(network.encoder(x))]
        for variable in network.training.trainable_variables:  # initial ones may be 0
            change = generator.normal(0.1, 0.1, variable.shape).astype("float32")
            variable.assign(variable.value + change)
    return outputs


def _steps(before: OptimizerSpec, after: OptimizerSpec, name: str) -> list[list[Floats]]:
    """Return a variable after two steps, for optimizers built from either spec.

    Both optimizers have the attribute `name` set to the value in `after`.
    """
    variables = []
    for spec in (before, after):
        built = optimizer(spec, 0.1)
        setattr(built, name, getattr(after, name))
        variable = keras.Variable(np.ones(3, np.float32))
        built.build([variable])
        for step in (1.0, -0.5):
            built.apply([ops.convert_to_tensor(np.float32(step) * np.arange(3))], [variable])
        variables.append([ops.convert_to_numpy(variable.value)])
    return variables
