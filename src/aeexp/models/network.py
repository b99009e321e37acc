"""An autoencoder, trained or not: NumPy arrays in, NumPy arrays out."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
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
from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks
from aeexp.models.forward import compiled, mean_jacobian

FEWEST = 64  # rows per call: with fewer, PyTorch multiplies, and so rounds, differently
FEW = 4_096  # most rows that are padded: JAX compiles again for each number of rows


@contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Keep Keras (3.15) from importing TensorFlow, which takes seconds, if it is not in use.

    When Keras saves a model, it compares each part of the model with TensorFlow's shape class.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    module_utils.tensorflow._available = False  # noqa: SLF001
    try:
        yield
    finally:
        module_utils.tensorflow._available = None  # noqa: SLF001  (Keras looks again)


@dataclass(frozen=True)
class Network:
    """Three models that share one set of layers.

    encoder: x -> z. decoder: z -> x_hat. Both are plain Keras models, so that the export loads
    without aeexp. training: x -> x_hat with the penalties, dropout and noise of the training.
    posterior: x -> the logarithms of the variances of z, if factors have a distribution.
    path: the layers of `training` if it is a sequence; calling them costs half of calling it.
    spec: the spec from which the layers read hyperparameters in every call.
    """

    encoder: keras.Model
    decoder: keras.Model
    training: keras.Model
    path: Sequence[keras.layers.Layer] = ()
    posterior: keras.Model | None = None
    spec: ModelSpec | None = None

    def encode(self, x: Floats) -> Floats:
        """Return the factors (rows, latent_dim) of scaled rows (rows, features)."""
        return self._apply(self.encoder, x)

    def deviations(self, x: Floats) -> Floats | None:
        """Return the standard deviations of the factors of scaled rows: (rows, latent_dim).

        None if a row has no distribution of factors.
        """
        if self.posterior is None:
            return None
        return np.exp(0.5 * self._apply(self.posterior, x))

    def decode(self, z: Floats) -> Floats:
        """Return scaled rows (rows, features) from factors (rows, latent_dim)."""
        return self._apply(self.decoder, z)

    def reconstruct(self, x: Floats) -> Floats:
        """Return the reconstruction of scaled rows: (rows, features)."""
        return self.decode(self.encode(x))

    def errors(self, x: Floats) -> Floats:
        """Return the squared error of each scaled row, averaged over features: (rows,)."""
        return np.square(x - self.reconstruct(x), dtype=np.float64).mean(1)

    def mean_jacobian(self, x: Floats) -> Floats:
        """Return the mean over scaled rows of d z / d x: (features, latent_dim)."""
        return mean_jacobian(self._compiled(self.encoder), x)

    def export(self) -> bytes:
        """Return the content of a .keras file: x -> x_hat as one model of standard layers."""
        x = keras.Input(self.encoder.input_shape[1:], name="x")
        model = keras.Model(x, self.decoder(self.encoder(x)), name="autoencoder")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            with _without_tensorflow():
                model.save(path)
            return path.read_bytes()

    def weights(self) -> Mapping[str, Floats]:
        """Return the weights of encoder and decoder by layer and role: `encoder_1/kernel`."""
        values = (keras.ops.convert_to_numpy(v.value) for v in self.variables)
        return dict(zip(self.names, values, strict=True))

    @property
    def variables(self) -> list[Any]:
        """Return the variables of encoder and decoder, with batch normalisation's statistics.

        And those of the distributions of factors, if there are any.
        """
        models = (self.encoder, self.decoder, self.posterior)
        both = [weight for model in models if model for weight in model.weights]
        return list({id(variable): variable for variable in both}.values())

    @property
    def names(self) -> list[str]:
        """Return the name of each variable; two networks of one spec have the same names.

        Keras names unnamed layers by a count over all models of the process. Here they are counted
        within the network.
        """
        layers = [
            layer
            for model in (self.encoder, self.decoder, self.training)
            for layer in model._flatten_layers()  # noqa: SLF001  (with nested layers)
        ]
        kinds = {to_snake_case(type(layer).__name__) for layer in layers}
        numbered: dict[str, list[str]] = {kind: [] for kind in kinds}

        def renamed(name: str) -> str:
            base, _, number = name.rpartition("_")
            kind = base if number.isdigit() and base in kinds else name
            if kind not in kinds:
                return name
            if name not in numbered[kind]:
                numbered[kind].append(name)
            place = numbered[kind].index(name)
            return f"{kind}_{place}" if place else kind

        paths = (variable.path.split("/") for variable in self.variables)
        return ["/".join([*map(renamed, layers), role]) for *layers, role in paths]

    def assign(self, values: Iterable[Floats]) -> None:
        """Set the values of `variables`."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)

    def _apply(self, model: keras.Model, rows: Floats) -> Floats:
        """Apply a model to rows in blocks; pad few rows with zeros to a power of two."""
        refuse_forked(keras.backend.backend())
        function = self._compiled(model)
        widest = max(layer.output.shape[-1] for layer in model.layers)
        outputs = np.empty((len(rows), model.output_shape[-1]), np.float32)
        for block in blocks(len(rows), widest):
            x = rows[block]
            count = len(x)
            if count <= FEW:
                size = max(FEWEST, 1 << (count - 1).bit_length())
                x = np.concatenate([x, np.zeros((size - count, *x.shape[1:]), x.dtype)])
            outputs[block] = keras.ops.convert_to_numpy(function(x))[:count]
        return outputs

    def _compiled(self, model: keras.Model) -> Callable[[Any], Any]:
        """Return the encoder or decoder as a function of tensors, compiled with this spec."""
        key = id(model), repr(self.spec)
        if key not in self._functions:
            self._functions[key] = compiled(model)
        return self._functions[key]

    @cached_property
    def _functions(self) -> dict[tuple[int, str], Callable[[Any], Any]]:
        return {}


@verb
def build(
    spec: ModelSpec,
    features: int,
    regularisers: Mapping[str, RegulariserSpec],
    seeds: Iterator[int],
) -> Network:
    """Return an untrained network for rows with this number of features.

    A new model is a spec in `aeexp.config.spec.model` and a builder registered here. All random
    parts, initializers and layers such as dropout, take their seeds from `seeds`: networks built
    with equal seeds are equal, and global generators are not used. The model's layers add its own
    terms to the loss (`keras.layers.Layer.add_loss`). They read the `float` fields of the spec in
    every call, not while they are built, because models with different values train as one
    program. A field that is needed while building is declared with `traced=False`.
    """
    raise NotImplementedError(
        f"No builder for {type(spec).__name__}: register one with models.build.register."
    )


@verb
def start(spec: ModelSpec, x: Floats, rows: Integers) -> Mapping[str, Floats]:
    """Return initial weights that depend on the training rows, by the names of `Network.weights`.

    Weights that are not named start as `build` draws them. The result follows from the arguments
    alone, not from a seed, so that members with equal tables share it.

    x: (rows, features), scaled. rows: indices of the training rows; one that is listed twice
    counts twice. Row weights of a member have no influence.
    """
    return {}
