"""The first weights of many networks at once: those that building each of them would draw."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from aeexp.data import Floats, Integers
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
    other seeds. The network of one of these shows whether that is all that is random in it; if
    not, each is built after all.
    """
    network = built(make, seeds[0])
    values = [_values(network), *_redrawn(network, seeds)]
    others = [i for i, seed in enumerate(seeds) if seed != seeds[0]]
    if others and not all(
        map(np.array_equal, values[others[-1]], _values(built(make, seeds[others[-1]])))
    ):
        values = [_values(built(make, seed)) for seed in seeds]
    return network, values


def _values(network: Network) -> list[Floats]:
    return [ops.convert_to_numpy(variable.value) for variable in network.training.variables]


def _redrawn(network: Network, seeds: Sequence[int]) -> Iterator[list[Floats]]:
    """Yield the first values under all seeds but the first, with which the network was built.

    Keras draws a whole number for each initializer and random layer, in the order of building.
    """
    places = {draw: place for place, draw in enumerate(_draws(seeds[0], DRAWS))}
    initializers = dict(_initializers(network))
    drawn: list[tuple[int, int, Callable[[int], Any]]] = []
    for i, variable in enumerate(network.training.variables):
        value = ops.convert_to_numpy(variable.value)
        if initializer := initializers.get(id(variable)):
            place = places.get(initializer.seed)
            draw: Callable[[int], Any] = partial(_drawn, initializer, variable)
        else:
            place = places.get(int(value[0])) if variable.name == SEED_STATE else None
            draw = partial(_seeded, value)
        if place is not None:  # else it does not depend on the seed
            drawn.append((i, place, draw))
    values, last = _values(network), max((place for _, place, _ in drawn), default=0)
    for seed in seeds[1:]:
        draws = _draws(seed, last + 1)
        redrawn = {i: draw(draws[place]) for i, place, draw in drawn}
        yield [redrawn.get(i, value) for i, value in enumerate(values)]


def _draws(seed: int, count: int) -> list[int]:
    generator = random.Random(seed)  # noqa: S311  (Keras's own choice)
    return [generator.randint(1, 10**9) for _ in range(count)]


def _drawn(initializer: Any, variable: Any, seed: int) -> Floats:
    config = initializer.get_config() | {"seed": seed}
    again = type(initializer).from_config(config)
    return ops.convert_to_numpy(again(variable.shape, variable.dtype))


def _seeded(state: Integers, seed: int) -> Integers:
    return np.array([seed, *state[1:]], state.dtype)


def _initializers(network: Network) -> Iterator[tuple[int, Any]]:
    """Yield each variable's id with the random initializer that drew its first value."""
    for layer in (*network.encoder.layers, *network.decoder.layers):
        for name, value in vars(layer).items():
            if name.endswith("_initializer") and hasattr(value, "seed"):
                yield id(getattr(layer, name.removesuffix("_initializer"))), value
