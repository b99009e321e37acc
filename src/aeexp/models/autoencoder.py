"""The fully connected autoencoder."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial, reduce
from typing import Any

import keras

from aeexp.config.spec import Activation, Autoencoder, RegulariserSpec
from aeexp.models.network import Network, build
from aeexp.models.regularisers import at_factors, at_input, before_layer, penalties

Layers = list[keras.layers.Layer]


@build.register
def build_autoencoder(
    spec: Autoencoder,
    features: int,
    regularisers: Mapping[str, RegulariserSpec],
    seeds: Iterator[int],
) -> Network:
    """Return a fully connected autoencoder; see `build`."""
    hidden = partial(hidden_block, spec, seeds)
    encoding = [
        *(hidden(units, f"encoder_{i + 1}") for i, units in enumerate(spec.hidden)),
        [dense(initializer(spec, seeds), spec.latent_dim, spec.latent_activation, "z")],
    ]
    decoding = [
        *(hidden(units, f"decoder_{i + 1}") for i, units in enumerate(spec.hidden[::-1])),
        [dense(initializer(spec, seeds), features, spec.output_activation, "x_hat")],
    ]
    x, z = keras.Input((features,), name="x"), keras.Input((spec.latent_dim,), name="factors")
    encoder = keras.Model(x, chain(x, *encoding), name="encoder")
    decoder = keras.Model(z, chain(z, *decoding), name="decoder")
    path = [*_regularised(encoding, list(regularisers.values()), seeds), *decoding]
    training = keras.Model(x, chain(x, *path), name="training")
    return Network(encoder, decoder, training, [layer for block in path for layer in block])


def _regularised(
    encoding: list[Layers], specs: list[RegulariserSpec], seeds: Iterator[int]
) -> Iterable[Layers]:
    yield [layer for spec in specs for layer in at_input(spec, seeds)]
    for layers in encoding:
        yield [layer for spec in specs for layer in before_layer(spec, seeds)]
        yield layers
        is_last = layers is encoding[-1]
        yield at_factors(specs, seeds, layers[0]) if is_last else penalties(specs, layers[0])


def hidden_block(spec: Autoencoder, seeds: Iterator[int], units: int, name: str) -> Layers:
    """Return a hidden layer, with its batch normalisation if the spec asks for it."""
    kernel = initializer(spec, seeds)
    if not spec.batch_norm:
        return [dense(kernel, units, spec.activation, name)]
    return [
        # no bias: the normalisation has one
        dense(kernel, units, Activation.linear, name, use_bias=False),
        keras.layers.BatchNormalization(name=f"{name}_norm"),
        keras.layers.Activation(spec.activation.value, name=f"{name}_activation"),
    ]


def initializer(spec: Autoencoder, seeds: Iterator[int]) -> keras.initializers.Initializer:
    """Return the initializer of a kernel, with its own seed."""
    config = {"class_name": spec.kernel_initializer.value, "config": {"seed": next(seeds)}}
    return keras.initializers.get(config)


def dense(
    kernel: keras.initializers.Initializer,
    units: int,
    activation: Activation,
    name: str,
    *,
    use_bias: bool = True,
) -> keras.layers.Layer:
    """Return a fully connected layer."""
    return keras.layers.Dense(
        units, activation.value, use_bias, kernel_initializer=kernel, name=name
    )


def chain(tensor: Any, *blocks: Layers) -> Any:
    """Apply the layers of some blocks, one after another."""
    layers = (layer for block in blocks for layer in block)
    return reduce(lambda value, layer: layer(value), layers, tensor)
