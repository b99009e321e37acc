"""A trained or untrained autoencoder, NumPy in and NumPy out."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from keras.src.utils import module_utils
from keras.src.utils.naming import to_snake_case

from aeexp.backend import refuse_forked
from aeexp.config.spec import ModelSpec, RegulariserSpec
from aeexp.config.verb import verb
from aeexp.data import Floats
from aeexp.data.chunks import blocks
from aeexp.models.jacobian import mean_jacobian

FEWEST = 64  # rows at once: with fewer, PyTorch multiplies otherwise, and rounds otherwise
FEW = 4_096  # rows that are filled up, so that JAX does not compile anew for every number of them


@contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Keep Keras (3.15) from importing TensorFlow, which takes seconds, where it is not used.

    Keras asks of each part of a model that it saves whether it is one of TensorFlow's shapes.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    module_utils.tensorflow._available = False  # noqa: SLF001
    try:
        yield
    finally:
        module_utils.tensorflow._available = None  # noqa: SLF001  (unknown: Keras looks again)


@dataclass(frozen=True)
class Network:
    """Three views of one set of layers.

    encoder: x -> z. decoder: z -> x_hat. training: x -> x_hat with the penalties and
    disturbances that only training sees. path: layers of which `training` is one after another,
    if it is; calling them costs half of calling it. spec: what it was built from, of which its
    layers read numbers whenever they are called.
    """

    encoder: keras.Model
    decoder: keras.Model
    training: keras.Model
    path: Sequence[keras.layers.Layer] = ()
    spec: ModelSpec | None = None

    def encode(self, x: Floats) -> Floats:
        """Return the factors (rows, latent_dim) of scaled rows (rows, features)."""
        return _apply(self.encoder, x)

    def decode(self, z: Floats) -> Floats:
        """Return scaled rows (rows, features) from factors (rows, latent_dim)."""
        return _apply(self.decoder, z)

    def mean_jacobian(self, x: Floats) -> Floats:
        """Return the mean over scaled rows of d z / d x: (features, latent_dim)."""
        return mean_jacobian(self.encoder, x)

    def export(self) -> bytes:
        """Return x -> x_hat as one Keras model of standard layers: the content of its file."""
        x = keras.Input(self.encoder.input_shape[1:], name="x")
        model = keras.Model(x, self.decoder(self.encoder(x)), name="autoencoder")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            with _without_tensorflow():
                model.save(path)
            return path.read_bytes()

    def weights(self) -> Mapping[str, Floats]:
        """Return every weight of encoder and decoder by layer and role: `encoder_1/kernel`."""
        values = (keras.ops.convert_to_numpy(v.value) for v in self.variables)
        return dict(zip(self.names, values, strict=True))

    @property
    def variables(self) -> list[Any]:
        """Return what makes up encoder and decoder, batch normalisation's statistics included."""
        both = [*self.encoder.weights, *self.decoder.weights]
        return list({id(variable): variable for variable in both}.values())

    @property
    def names(self) -> list[str]:
        """Return the name of each variable; two networks of one spec have the same.

        Layers without a name have one of Keras, which counts them over all models of a process:
        they are counted within this network.
        """
        layers = [
            layer
            for model in (self.encoder, self.decoder, self.training)
            for layer in model._flatten_layers()  # noqa: SLF001  (those within layers, too)
        ]
        kinds = {to_snake_case(type(layer).__name__) for layer in layers}
        counted: dict[str, list[str]] = {kind: [] for kind in kinds}

        def renamed(name: str) -> str:
            base, _, number = name.rpartition("_")
            kind = base if number.isdigit() and base in kinds else name
            if kind not in kinds:
                return name
            if name not in counted[kind]:
                counted[kind].append(name)
            place = counted[kind].index(name)
            return f"{kind}_{place}" if place else kind

        paths = (variable.path.split("/") for variable in self.variables)
        return ["/".join([*map(renamed, of_layers), own]) for *of_layers, own in paths]

    def assign(self, values: Iterable[Floats]) -> None:
        """Set the `variables` to values."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)


def _apply(model: keras.Model, rows: Floats) -> Floats:
    refuse_forked(keras.backend.backend())
    widest = max(layer.output.shape[-1] for layer in model.layers)
    made = np.empty((len(rows), model.output_shape[-1]), np.float32)
    for block in blocks(len(rows), widest):
        made[block] = _apply_at_once(model, rows[block])
    return made


def _apply_at_once(model: keras.Model, rows: Floats) -> Floats:
    """Apply a model to rows; a few are filled up to a power of two."""
    size = max(FEWEST, 1 << (len(rows) - 1).bit_length()) if len(rows) <= FEW else len(rows)
    filled = rows
    if size > len(rows):
        filled = np.zeros((size, *rows.shape[1:]), rows.dtype)
        filled[: len(rows)] = rows
    return keras.ops.convert_to_numpy(model(filled, training=False))[: len(rows)]


@verb
def build(
    spec: ModelSpec,
    features: int,
    regularisers: Mapping[str, RegulariserSpec],
    seeds: Iterator[int],
) -> Network:
    """Return an untrained network for rows of so many features.

    A new model is a spec in `aeexp.config.spec.model` and a builder registered here. Whatever is
    random in it, initializers and layers such as dropout, takes its seed from `seeds`: networks
    built with equal seeds are equal, and no generator of the whole process is used. What the model
    adds to the loss, its layers add (`keras.layers.Layer.add_loss`). They read the `float` fields
    of the spec whenever they are called, never before, as many models that differ in them train as
    one program; one that must be known before is declared with `traced=False`.
    """
    message = f"No builder for {type(spec).__name__}: register one with models.build.register."
    raise NotImplementedError(message)
