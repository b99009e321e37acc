"""The fully connected autoencoder."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import keras

from aeexp.models.network import Network, build
from aeexp.models.regularisers import at_input, before_layer, penalties
from aeexp.spec import Activation, Autoencoder, RegulariserSpec

Layers = list[keras.layers.Layer]


@build.register
def _(spec: Autoencoder, features: int, regularisers: Mapping[str, RegulariserSpec]) -> Network:
    encoding = [
        *(_hidden(spec, units, f"encoder_{i + 1}") for i, units in enumerate(spec.hidden)),
        [_dense(spec, spec.latent_dim, spec.latent_activation, "z")],
    ]
    decoding = [
        *(_hidden(spec, units, f"decoder_{i + 1}") for i, units in enumerate(spec.hidden[::-1])),
        [_dense(spec, features, spec.output_activation, "x_hat")],
    ]
    x, z = keras.Input((features,), name="x"), keras.Input((spec.latent_dim,), name="factors")
    encoder = keras.Model(x, _chain(x, *encoding), name="encoder")
    decoder = keras.Model(z, _chain(z, *decoding), name="decoder")
    path = [*_regularised(encoding, list(regularisers.values())), *decoding]
    training = keras.Model(x, _chain(x, *path), name="training")
    return Network(encoder, decoder, training, [layer for block in path for layer in block])


def _regularised(encoding: list[Layers], specs: list[RegulariserSpec]) -> Iterable[Layers]:
    yield [layer for spec in specs for layer in at_input(spec)]
    for layers in encoding:
        yield [layer for spec in specs for layer in before_layer(spec)]
        yield layers
        yield penalties(specs, layers[0])


def _hidden(spec: Autoencoder, units: int, name: str) -> Layers:
    if not spec.batch_norm:
        return [_dense(spec, units, spec.activation, name)]
    return [
        _dense(spec, units, Activation.linear, name, use_bias=False),  # the normalisation has one
        keras.layers.BatchNormalization(name=f"{name}_norm"),
        keras.layers.Activation(spec.activation.value, name=f"{name}_activation"),
    ]


def _dense(
    spec: Autoencoder, units: int, activation: Activation, name: str, *, use_bias: bool = True
) -> keras.layers.Layer:
    return keras.layers.Dense(
        units,
        activation.value,
        use_bias,
        kernel_initializer=spec.kernel_initializer.value,
        name=name,
    )


def _chain(tensor: Any, *blocks: Layers) -> Any:
    layers = (layer for block in blocks for layer in block)
    return reduce(lambda value, layer: layer(value), layers, tensor)
