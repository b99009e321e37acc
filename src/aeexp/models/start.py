"""The first weights of many networks at once: those that building each of them would draw."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from aeexp.data import Floats
from aeexp.models.network import Network

DRAWS = 1000  # more than a network has initializers and random layers
SEED_STATE = "seed_generator_state"


def built(make: Callable[[], Network], seed: int) -> Network:
    """Make a network whose first weights, shuffling, dropout and noise follow from a seed."""
    keras.utils.set_random_seed(seed)
    return make()


def first_values(
    make: Callable[[], Network], seeds: Sequence[int]
) -> tuple[Network, list[list[Floats]]]:
    """Return a network, and for each seed the values its training variables begin with.

    They are those of `built(make, seed)`, of which hundreds would take long. So one network is
    built, and its initializers are asked again with the seeds that Keras draws for them under the
    other seeds. The last seed's network shows whether that is all that is random in it; if
    not, each is built after all.
    """
    network = built(make, seeds[0])
    values = [_values(network)]
    if len(seeds) == 1:
        return network, values
    values += [_redrawn(network, seeds[0], seed) for seed in seeds[1:]]
    if not all(map(np.array_equal, values[-1], _values(built(make, seeds[-1])))):
        values = [_values(built(make, seed)) for seed in seeds]
    return network, values


def _values(network: Network) -> list[Floats]:
    return [ops.convert_to_numpy(variable.value) for variable in network.training.variables]


def _redrawn(network: Network, seed: int, other: int) -> list[Floats]:
    """Return the first values under another seed than the network was built with.

    Keras draws a whole number for each initializer and random layer, in the order of building.
    """
    draws = dict(zip(_draws(seed), _draws(other), strict=True))
    initializers = {id(variable): each for variable, each in _initializers(network)}
    redrawn = []
    for variable in network.training.variables:
        value = ops.convert_to_numpy(variable.value)
        if initializer := initializers.get(id(variable)):
            config = initializer.get_config() | {"seed": draws[initializer.seed]}
            value = ops.convert_to_numpy(
                type(initializer).from_config(config)(variable.shape, variable.dtype)
            )
        elif variable.name == SEED_STATE:
            value = np.array([draws[int(value[0])], *value[1:]], value.dtype)
        redrawn.append(value)
    return redrawn


def _draws(seed: int) -> list[int]:
    generator = random.Random(seed)  # noqa: S311  (Keras's own choice)
    return [generator.randint(1, 10**9) for _ in range(DRAWS)]


def _initializers(network: Network) -> Iterator[tuple[Any, Any]]:
    """Yield each variable with the random initializer that drew its first value."""
    for layer in (*network.encoder.layers, *network.decoder.layers):
        for name, value in vars(layer).items():
            if name.endswith("_initializer") and hasattr(value, "seed"):
                yield getattr(layer, name.removesuffix("_initializer")), value
