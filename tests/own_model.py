"""Models as a package can add them, with traced parameters and parameters read at build time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from aeexp.config.spec import Autoencoder, RegulariserSpec, param
from aeexp.models import Network, build


@dataclass(kw_only=True)
class Tempered(Autoencoder):
    """Fully connected autoencoder; factors are divided by a temperature and penalised."""

    temperature: float = param(1.0, "Divisor of the factors.", above=0)
    beta: float = param(0.1, "Weight of the mean square of the factors.", at_least=0)
    leak: float = param(0.2, "Slope of the factors below 0.", traced=False)


@dataclass(kw_only=True)
class Baked(Tempered):
    """The same with a parameter that is read at build time, but not declared `traced=False`."""

    slope: float = param(0.5, "Slope of the factors below 0.")


class Factors(keras.layers.Layer):
    """Divides factors by a temperature, and adds their mean square to the loss."""

    def __init__(self, spec: Tempered, leak: float) -> None:
        super().__init__()
        self.spec, self.leak = spec, leak

    def call(self, a: Any) -> Any:
        z = ops.where(a > 0, a, self.leak * a) / self.spec.temperature
        self.add_loss(self.spec.beta * ops.mean(ops.square(z)))
        return z


@build.register
def _(
    spec: Tempered,
    features: int,
    regularisers: Mapping[str, RegulariserSpec],
    seeds: Iterator[int],
) -> Network:
    def dense(units: int) -> keras.layers.Layer:
        return keras.layers.Dense(
            units, kernel_initializer=keras.initializers.GlorotUniform(next(seeds))
        )

    leak = spec.slope if isinstance(spec, Baked) else spec.leak
    path = [dense(spec.latent_dim), Factors(spec, leak), dense(features)]
    x, z = keras.Input((features,)), keras.Input((spec.latent_dim,))
    factors = path[1](path[0](x))
    return Network(
        keras.Model(x, factors), keras.Model(z, path[2](z)), keras.Model(x, path[2](factors)), path
    )
