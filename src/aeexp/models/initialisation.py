"""Initial weights of many networks at once, equal to the weights that Keras would draw.

Everything random in a network (initializers, dropout, noise) has a seed of its own. The seeds are
drawn from the run's seed in the order of building, by a generator that belongs to the network.
They equal the seeds that Keras draws by itself after `keras.utils.set_random_seed(seed)`. Global
generators are not used: threads share them, and fits in several threads must give the weights of
fits one after another.

Building hundreds of networks takes long, so only one is built. For every variable the initializer
that drew it is found, and its seed is looked up in the sequence of seeds of the built network. Its
place in the sequence is the same in all networks, so the initializer is called again with the seed
at this place in each member's sequence. Variables that depend on no seed, such as biases, are
copied. A model might draw in another way; therefore the last network with another seed is built in
full and compared, and if it differs, all networks are built.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from keras import ops

from aeexp.data import Floats
from aeexp.models.network import Network

MOST_DRAWS = 1000  # more than the initializers and random layers of any network
SEED_STATE = "seed_generator_state"


Make = Callable[[Iterator[int]], Network]
"""Builds a network whose random parts take their seeds from the iterator; see `models.build`."""


def seeds(seed: int) -> Iterator[int]:
    """Yield the seeds of a network's random parts, in the order in which they are built."""
    generator = random.Random(seed)  # noqa: S311  (Keras's own choice)
    while True:
        yield generator.randint(1, 10**9)


def build_seeded(make: Make, seed: int) -> Network:
    """Build a network whose initial weights, dropout and noise follow from one seed."""
    return make(seeds(seed))


class InitialValues:
    """The initial values of the variables of networks that differ in their seeds.

    make: builds the networks. seeds: all seeds that may be asked for. network: that of the first
    seed; its variables must keep their initial values as long as values are asked for.
    """

    def __init__(self, make: Make, seeds: Sequence[int]) -> None:
        self.make, self.seed = make, seeds[0]
        self.network = build_seeded(make, seeds[0])
        last = next((seed for seed in reversed(seeds) if seed != seeds[0]), None)
        self.redraws = last is None or all(
            map(np.array_equal, self._redrawn([last])[0], _values(build_seeded(make, last)))
        )

    def of(self, seeds: Sequence[int]) -> list[list[Floats]]:
        """Return for each seed the values of `network.training.variables`."""
        if self.redraws:
            return self._redrawn(seeds)
        return [_values(build_seeded(self.make, seed)) for seed in seeds]

    def _redrawn(self, seeds: Sequence[int]) -> list[list[Floats]]:
        return [*_redrawn(self.network, [self.seed, *seeds])]


def _values(network: Network) -> list[Floats]:
    return [ops.convert_to_numpy(variable.value) for variable in network.training.variables]


def _redrawn(network: Network, seeds: Sequence[int]) -> Iterator[list[Floats]]:
    """Yield the initial values for all seeds but the first, with which the network was built."""
    places = {draw: place for place, draw in enumerate(_draws(seeds[0], MOST_DRAWS))}
    initializers = {
        id(getattr(layer, name.removesuffix("_initializer"))): value
        for layer in (*network.encoder.layers, *network.decoder.layers)
        for name, value in vars(layer).items()
        if name.endswith("_initializer") and hasattr(value, "seed")
    }
    values = _values(network)
    seeded: list[tuple[int, int, Any]] = []  # index of a variable, place of its seed, initializer
    for i, variable in enumerate(network.training.variables):
        initializer = initializers.get(id(variable))
        if initializer:
            place = places.get(initializer.seed)
        else:
            place = places.get(int(values[i][0])) if variable.name == SEED_STATE else None
        if place is not None:
            seeded.append((i, place, initializer))
    last = max((place for _, place, _ in seeded), default=0)
    for seed in seeds[1:]:
        draws, redrawn = _draws(seed, last + 1), [*values]
        for i, place, initializer in seeded:
            variable = network.training.variables[i]
            if initializer:
                config = initializer.get_config() | {"seed": draws[place]}
                again = type(initializer).from_config(config)
                redrawn[i] = ops.convert_to_numpy(again(variable.shape, variable.dtype))
            else:
                redrawn[i] = np.array([draws[place], *values[i][1:]], values[i].dtype)
        yield redrawn


def _draws(seed: int, count: int) -> list[int]:
    return [*islice(seeds(seed), count)]
