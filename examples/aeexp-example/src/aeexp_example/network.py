"""Implementation of the variational autoencoder."""

from collections.abc import Iterator, Mapping
from functools import partial, reduce
from typing import Any

import keras
from keras import layers, ops

from aeexp.config.spec import RegulariserSpec
from aeexp.models import Network, build
from aeexp.models.regularisers import at_factors, at_input, before_layer, penalties
from aeexp_example import VAE


class Distribution(layers.Layer):
    """Maps activities to factors: samples of their distribution in training, else its mean.

    Adds the Kullback-Leibler divergence of N(mean, variance) from N(0, 1) to the loss, summed over
    factors and averaged over rows (Kingma and Welling, 2014, appendix B).
    """

    def __init__(self, spec: VAE, seeds: Iterator[int]) -> None:
        super().__init__()
        self.spec = spec  # beta is read in each call, because models can train together
        self.mean = _dense(spec.latent_dim, "linear", seeds)
        self.log_variance = _dense(spec.latent_dim, "linear", seeds)
        self.noise = keras.random.SeedGenerator(next(seeds))

    def call(self, a: Any, *, training: bool = False) -> Any:
        mean, log_variance = self.mean(a), self.log_variance(a)
        divergence = 0.5 * (ops.exp(log_variance) + ops.square(mean) - 1 - log_variance)
        self.add_loss(self.spec.beta * ops.mean(ops.sum(divergence, axis=1)))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), seed=self.noise)
        return mean + ops.exp(0.5 * log_variance) * noise


@build.register
def _(
    spec: VAE, features: int, regularisers: Mapping[str, RegulariserSpec], seeds: Iterator[int]
) -> Network:
    hidden = partial(_dense, activation=spec.activation.value, seeds=seeds)
    encoding = [hidden(units) for units in spec.hidden]
    distribution = Distribution(spec, seeds)
    decoding = [hidden(units) for units in reversed(spec.hidden)]
    decoding.append(_dense(features, spec.output_activation.value, seeds))
    encoder_path = _regularised(encoding, distribution, list(regularisers.values()), seeds)
    path = [*encoder_path, *decoding]
    x, z = keras.Input((features,)), keras.Input((spec.latent_dim,))
    training = keras.Model(x, _through(path, x))
    encoder = keras.Model(x, distribution.mean(_through(encoding, x)))
    return Network(encoder, keras.Model(z, _through(decoding, z)), training, path)


def _regularised(
    encoding: list[layers.Layer],
    distribution: Distribution,
    regularisers: list[RegulariserSpec],
    seeds: Iterator[int],
) -> Iterator[layers.Layer]:
    """Yield the layers of the encoder, with the layers of regularisers that act in training."""
    yield from (layer for spec in regularisers for layer in at_input(spec, seeds))
    for layer in (*encoding, distribution):
        yield from (added for spec in regularisers for added in before_layer(spec, seeds))
        yield layer
        if layer is not distribution:
            yield from penalties(regularisers, layer)
    yield from at_factors(regularisers, seeds, distribution.mean)


def _dense(units: int, activation: str, seeds: Iterator[int]) -> layers.Layer:
    initializer = keras.initializers.GlorotUniform(next(seeds))
    return layers.Dense(units, activation, kernel_initializer=initializer)


def _through(path: list[layers.Layer], tensor: Any) -> Any:
    return reduce(lambda value, layer: layer(value), path, tensor)
