"""The residual autoencoder: a linear map plus hidden layers, in the encoder and in the decoder.

Al-Digeil et al. (2022, arXiv:2205.11673). The hidden layers' last weights start at 0 and the
linear maps at the principal components of the training rows: the untrained network is PCA.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from aeexp.config.spec import Activation, RegulariserSpec, Residual
from aeexp.data import Floats, Integers
from aeexp.data.principal import Principal, principal
from aeexp.models.autoencoder import (
    Layers,
    build_autoencoder,
    chain,
    dense,
    hidden_block,
    initializer,
)
from aeexp.models.network import Network, build, start
from aeexp.models.regularisers import at_factors, at_input, before_layer, penalties


@build.register
def _(
    spec: Residual,
    features: int,
    regularisers: Mapping[str, RegulariserSpec],
    seeds: Iterator[int],
) -> Network:
    if not spec.hidden:
        return build_autoencoder(spec, features, regularisers, seeds)
    to_z = half(spec, seeds, "encoder", spec.latent_dim)
    to_x_hat = half(spec, seeds, "decoder", features)
    x, z = keras.Input((features,), name="x"), keras.Input((spec.latent_dim,), name="factors")
    encoder = keras.Model(x, to_z.apply(x), name="encoder")
    decoder = keras.Model(z, to_x_hat.apply(z), name="decoder")
    factors, _ = regularised(x, to_z, [*regularisers.values()], seeds)
    training = keras.Model(x, to_x_hat.apply(factors), name="training")
    return Network(encoder, decoder, training)


@start.register
def _(spec: Residual, x: Floats, rows: Integers) -> Mapping[str, Floats]:
    components = principal(x, rows, spec.latent_dim)
    axes = padded_axes(components, spec.latent_dim)
    return {
        "z/kernel": axes,
        "z/bias": -components.mean @ axes,
        "x_hat/kernel": axes.T,
        "x_hat/bias": components.mean,
    }


def padded_axes(components: Principal, factors: int) -> Floats:
    """Return (features, factors): the axes, and 0 for more factors than components."""
    axes = np.zeros((len(components.axes), factors))
    axes[:, : components.axes.shape[1]] = components.axes
    return axes


@dataclass(frozen=True)
class Half:
    """Layers of the encoder or decoder: activation(linear(rows) + last(hidden(rows))).

    Without hidden layers, `last` is None: activation(linear(rows)).
    """

    linear: keras.layers.Layer
    hidden: list[Layers]
    last: keras.layers.Layer | None
    both: Layers

    def apply(self, rows: Any) -> Any:
        return self.join(rows, chain(rows, *self.hidden))

    def join(self, rows: Any, branch: Any) -> Any:
        """Return the output. branch: the output of the hidden layers."""
        sums = self.linear(rows) if self.last is None else [self.linear(rows), self.last(branch)]
        return chain(sums, self.both)


def half(spec: Residual, seeds: Iterator[int], name: str, units: int) -> Half:
    """Return the layers of the "encoder" or "decoder". units: of its output."""
    is_encoder = name == "encoder"
    output = "z" if is_encoder else "x_hat"
    activation = spec.latent_activation if is_encoder else spec.output_activation
    widths = spec.hidden if is_encoder else spec.hidden[::-1]
    last, both = None, []
    if spec.hidden:
        last = keras.layers.Dense(
            units, use_bias=False, kernel_initializer="zeros", name=f"{output}_residual"
        )
        both.append(keras.layers.Add(name=f"{output}_sum"))
    if activation is not Activation.linear:
        both.append(keras.layers.Activation(activation.value, name=f"{output}_activation"))
    return Half(
        linear=dense(initializer(spec, seeds), units, Activation.linear, output),
        hidden=[
            hidden_block(spec, seeds, width, f"{name}_{i}") for i, width in enumerate(widths, 1)
        ],
        last=last,
        both=both,
    )


def regularised(
    x: Any, half: Half, specs: list[RegulariserSpec], seeds: Iterator[int]
) -> tuple[Any, Any]:
    """Return the factors as training computes them: with noise, dropout and penalties.

    And the output of the hidden layers. The linear map and the first hidden layer read the same
    values after dropout.
    """

    def dropped(rows: Any) -> Any:
        return chain(rows, [layer for spec in specs for layer in before_layer(spec, seeds)])

    rows = dropped(chain(x, [layer for spec in specs for layer in at_input(spec, seeds)]))
    branch = rows
    for layers in half.hidden:
        branch = dropped(chain(branch, layers, penalties(specs, layers[0])))
    summands = () if half.last is None else (half.last,)
    z = chain(half.join(rows, branch), at_factors(specs, seeds, half.linear, *summands))
    return z, branch
