"""The variational autoencoder: layers of the residual autoencoder, factors with a distribution.

It starts at probabilistic PCA (Tipping and Bishop, 1999, doi:10.1111/1467-9868.00196). Let l_k be
the variances of D features along the principal axes, and s² the mean of those after the first K.
Then the decoder has the kernel W = axes (l - s²)^(1/2), the distributions of the factors have the
means (x - mean) axes (l - s²)^(1/2) / l and the variances s² / l.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from aeexp.config.spec import RegulariserSpec, Variational
from aeexp.data import Floats, Integers
from aeexp.data.principal import principal
from aeexp.models.autoencoder import chain
from aeexp.models.network import Network, build, start
from aeexp.models.regularisers import RandomLayer
from aeexp.models.residual import half, padded_axes, regularised

LEAST = 1e-4
"""Least variance of noise at the start, and of a component relative to it."""


class Draw(RandomLayer):
    """Draws factors from their distributions in training; otherwise returns their means."""

    def call(self, a: Any, *, training: bool = False) -> Any:
        mean, log_variance = a
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class Divergence(keras.layers.Layer):
    """Returns the reconstruction; adds the divergence from the standard normal to the loss.

    The divergence of a factor is averaged over rows, and those of the factors are summed (Kingma
    and Welling, 2014, appendix B). The weight is that of the evidence lower bound, times 2 s² /
    features: so the loss stays in the units of the mean squared error. With s² the error of the
    batch, without a gradient of its own, the gradient is that of the bound with the best s²
    (Rybkin et al., 2021, arXiv:2006.13202), times a number.
    """

    def __init__(self, spec: Variational) -> None:
        super().__init__(name="divergence")
        self.spec = spec
        self.step = self.add_weight(name="step", initializer="zeros", trainable=False)

    def call(self, a: Any, *, training: bool = False) -> Any:
        x, x_hat, mean, log_variance = a
        divergences = 0.5 * ops.mean(
            ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance, axis=0
        )
        total = ops.sum(ops.maximum(divergences, self.spec.free_bits))
        noise = (
            ops.stop_gradient(ops.mean(ops.square(x - x_hat)))
            if self.spec.noise is None
            else self.spec.noise**2
        )
        beta = self.spec.beta
        if training and self.spec.warm_up:
            beta = beta * ops.minimum(self.step / self.spec.warm_up, 1.0)
            self.step.assign(self.step + 1.0)
        self.last = 2.0 * beta * noise / x.shape[-1] * total  # see `PenaltyLayer`
        self.add_loss(self.last)
        return x_hat


@build.register
def _(
    spec: Variational,
    features: int,
    regularisers: Mapping[str, RegulariserSpec],
    seeds: Iterator[int],
) -> Network:
    to_z = half(spec, seeds, "encoder", spec.latent_dim)
    to_x_hat = half(spec, seeds, "decoder", features)
    log_variance = keras.layers.Dense(
        spec.latent_dim, kernel_initializer="zeros", name="z_log_variance"
    )
    x, z = keras.Input((features,), name="x"), keras.Input((spec.latent_dim,), name="factors")
    encoder = keras.Model(x, to_z.apply(x), name="encoder")
    decoder = keras.Model(z, to_x_hat.apply(z), name="decoder")
    posterior = keras.Model(x, log_variance(chain(x, *to_z.hidden)), name="posterior")
    mean, activities = regularised(x, to_z, [*regularisers.values()], seeds)
    spread = log_variance(activities)
    drawn = Draw(spec, next(seeds))([mean, spread])
    x_hat = Divergence(spec)([x, to_x_hat.apply(drawn), mean, spread])
    return Network(encoder, decoder, keras.Model(x, x_hat, name="training"), posterior=posterior)


@start.register
def _(spec: Variational, x: Floats, rows: Integers) -> Mapping[str, Floats]:
    components = principal(x, rows, spec.latent_dim)
    count = components.axes.shape[1]
    variances = components.squares / len(rows)
    left = max(x.shape[1] - count, 1)
    noise = max((components.total - components.squares.sum()) / len(rows) / left, LEAST)
    scale = np.zeros(spec.latent_dim)
    scale[:count] = np.sqrt(np.maximum(variances - noise, LEAST * noise))
    total = np.ones(spec.latent_dim) * noise
    total[:count] = np.maximum(variances, noise)
    axes = padded_axes(components, spec.latent_dim)
    kernel = axes * (scale / total)
    return {
        "z/kernel": kernel,
        "z/bias": -components.mean @ kernel,
        "z_log_variance/bias": np.log(noise / total),
        "x_hat/kernel": (axes * scale).T,
        "x_hat/bias": components.mean,
    }
