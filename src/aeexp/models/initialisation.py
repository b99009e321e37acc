"""The first weights of many networks at once: those that building each of them would draw.

Everything random in a network has a seed of its own, drawn from the run's seed by a generator
that belongs to that network. Nothing is drawn from the generators of the process, which threads
share: fits in several threads come to the weights of fits one after another.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from keras import ops

from aeexp.data import Floats, Integers
from aeexp.models.network import Network

DRAWS = 1000  # more than a network has initializers and random layers
SEED_STATE = "seed_generator_state"


Make = Callable[[Iterator[int]], Network]
"""Builds a network whose random parts take their seeds from an iterator; see `models.build`."""


def seeds(seed: int) -> Iterator[int]:
    """Yield the seeds of a network's random parts, in the order in which they are built.

    They are those that Keras draws by itself after `keras.utils.set_random_seed(seed)`.
    """
    generator = random.Random(seed)  # noqa: S311  (Keras's own choice)
    while True:
        yield generator.randint(1, 10**9)


def build_seeded(make: Make, seed: int) -> Network:
    """Make a network whose first weights, dropout and noise follow from a seed."""
    return make(seeds(seed))


def initial_values(make: Make, seeds: Sequence[int]) -> tuple[Network, list[list[Floats]]]:
    """Return a network, and for each seed the values its training variables begin with.

    They equal those of `build_seeded(make, seed)`, of which hundreds would take long. So one is
    built, and its initializers are asked again with the seeds that they have in the others. The
    network of one of these shows whether that is all that is random in it; if not, each is built
    after all.
    """
    network = build_seeded(make, seeds[0])
    values = [_values(network), *_redrawn(network, seeds)]
    others = [i for i, seed in enumerate(seeds) if seed != seeds[0]]
    if others and not all(
        map(np.array_equal, values[others[-1]], _values(build_seeded(make, seeds[others[-1]])))
    ):
        values = [_values(build_seeded(make, seed)) for seed in seeds]
    return network, values


def _values(network: Network) -> list[Floats]:
    return [ops.convert_to_numpy(variable.value) for variable in network.training.variables]


def _redrawn(network: Network, seeds: Sequence[int]) -> Iterator[list[Floats]]:
    """Yield the first values under all seeds but the first, with which the network was built.

    A seed is drawn for each initializer and random layer, in the order of building.
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
    return [*islice(seeds(seed), count)]


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
