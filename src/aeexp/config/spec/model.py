"""Models: autoencoders x -> z -> x_hat."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from aeexp.config.spec._spec import Spec, option, param, redefault
from aeexp.text import counted, listed


class Activation(Enum):
    """Activation function of a layer, by its Keras name."""

    linear = "linear"
    relu = "relu"
    leaky_relu = "leaky_relu"
    elu = "elu"
    selu = "selu"
    gelu = "gelu"
    silu = "silu"
    softplus = "softplus"
    tanh = "tanh"
    sigmoid = "sigmoid"


ACTIVATIONS = {
    Activation.linear: "linear",
    Activation.relu: "ReLU [@nair2010]",
    Activation.leaky_relu: "leaky ReLU [@maas2013]",
    Activation.elu: "ELU [@clevert2016]",
    Activation.selu: "SELU [@klambauer2017]",
    Activation.gelu: "GELU [@hendrycks2016]",
    Activation.silu: "SiLU [@elfwing2018]",
    Activation.softplus: "softplus [@dugas2001]",
    Activation.tanh: "tanh",
    Activation.sigmoid: "sigmoid",
}
"""Their names in a paper."""


class Initializer(Enum):
    """Distribution of a layer's initial weights, by its Keras name."""

    glorot_uniform = "glorot_uniform"
    glorot_normal = "glorot_normal"
    he_uniform = "he_uniform"
    he_normal = "he_normal"
    lecun_uniform = "lecun_uniform"
    lecun_normal = "lecun_normal"
    orthogonal = "orthogonal"


INITIALIZERS = {
    Initializer.glorot_uniform: "from Glorot's uniform distribution [@glorot2010]",
    Initializer.glorot_normal: "from Glorot's normal distribution [@glorot2010]",
    Initializer.he_uniform: "from He's uniform distribution [@he2015]",
    Initializer.he_normal: "from He's normal distribution [@he2015]",
    Initializer.lecun_uniform: "from LeCun's uniform distribution [@lecun1998]",
    Initializer.lecun_normal: "from LeCun's normal distribution [@lecun1998]",
    Initializer.orthogonal: "as random orthogonal matrices [@saxe2014]",
}
"""Their names in a paper."""


class Axes(Enum):
    """Axes to which factors are turned after training, without a change of x_hat.

    reconstruction: principal axes of what the factors reconstruct. pca: principal axes of the
    factors. varimax: axes that reconstruct few features each. none: as trained.
    """

    reconstruction = "reconstruction"
    pca = "pca"
    varimax = "varimax"
    none = "none"


AXES = {
    Axes.reconstruction: "the principal axes of their reconstructions, predicted linearly",
    Axes.pca: "their principal axes [@jolliffe2016]",
    Axes.varimax: "the axes of their reconstructions, predicted linearly and rotated by varimax"
    " [@kaiser1958]",
}
"""Their names in a paper."""


NORMALISATION = tuple(
    f"_norm/{weight}" for weight in ("gamma", "beta", "moving_mean", "moving_variance")
)
"""Weights of a batch normalisation in Keras; it replaces the bias of its layer."""


@dataclass(kw_only=True)
class ModelSpec(Spec):
    """An autoencoder with `latent_dim` factors.

    A class can define further methods than `methods`: `term()`, a phrase for its term in the
    loss, or ""; `details(features)`, sentences on its layers and initial weights;
    `shapes(features)`, the shape of every weight by name; `weighted()`, whether each factor is a
    weighted sum of the features (weights `z/kernel`) followed by an activation; `affine()`,
    whether the decoder is affine, so that no training error is below PCA's; and `bottleneck()`,
    see `Autoencoder`.
    """

    latent_dim: int = param(3, "Number of latent factors.", at_least=1)


@dataclass(kw_only=True)
class Autoencoder(ModelSpec):
    """Fully connected encoder and a decoder that mirrors it."""

    hidden: list[int] = param(
        [], "Units of each hidden layer of the encoder; mirrored in the decoder.", at_least=1
    )
    activation: Activation = param(Activation.relu, "Activation of the hidden layers.")
    latent_activation: Activation = param(Activation.tanh, "Activation of the factors.")
    output_activation: Activation = param(
        Activation.linear,
        "Activation of the output layer; its range must include the scaled data.",
    )
    batch_norm: bool = param(False, "Batch normalisation of the hidden layers.")
    kernel_initializer: Initializer = param(
        Initializer.glorot_uniform, "Distribution of the initial weights."
    )
    axes: Axes | None = param(
        None,
        "Axes of linear factors after training, see docs/training.md. null: reconstruction; none"
        " if the factors are not linear or a regulariser chooses their axes.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.axes not in {None, Axes.none} and not self.turns():
            reason = "null or none, as the factors are not a linear layer"
            self.reject("axes", reason, self.axes.value if self.axes else None)

    def turns(self) -> bool:
        """Return whether a linear map can turn the factors without a change of x_hat."""
        bottleneck = self.own_method("bottleneck")
        return bool(bottleneck and bottleneck())

    def methods(self) -> str:
        factors = counted(self.latent_dim, "latent factor")
        return (
            f"a fully connected autoencoder [@kramer1991; @hinton2006] with {self._hidden()},"
            f" {factors} ({ACTIVATIONS[self.latent_activation]} activation) and an output layer"
            f" with {ACTIVATIONS[self.output_activation]} activation"
        )

    def _hidden(self) -> str:
        if not self.hidden:
            return "no hidden layer"
        units = listed([str(units) for units in self.hidden])
        layers = "a hidden layer" if len(self.hidden) == 1 else "hidden layers"
        normalised = ", batch normalisation [@ioffe2015]" if self.batch_norm else ""
        return (
            f"{layers} of {units} units ({ACTIVATIONS[self.activation]} activation{normalised}) in"
            " the encoder, mirrored in the decoder"
        )

    def term(self) -> str:
        return ""

    def details(self, features: int) -> str:
        layers = "–".join(map(str, self.widths(features)))
        return (
            f"Its layers had {layers} units and {self.parameters(features):,} trainable"
            f" parameters. Weights were initialised {INITIALIZERS[self.kernel_initializer]},"
            " biases as 0."
        )

    def weighted(self) -> bool:
        return not self.hidden

    def bottleneck(self) -> tuple[list[str], list[str]] | None:
        """Return the layers whose sum is the factors, and those that read them.

        None if the factors are not linear in the former.
        """
        if self.latent_activation is not Activation.linear:
            return None
        return ["z"], ["decoder_1" if self.hidden else "x_hat"]

    def affine(self) -> bool:
        hidden = {self.activation} if self.hidden else set()
        return hidden | {self.output_activation} == {Activation.linear}

    def linear(self) -> bool:
        """Return whether all activations are linear."""
        hidden = {self.activation} if self.hidden else set()
        used = {self.latent_activation, self.output_activation, *hidden}
        return used == {Activation.linear}

    def widths(self, features: int) -> list[int]:
        """Return the units of each layer, from the features to their reconstruction."""
        return [features, *self.hidden, self.latent_dim, *reversed(self.hidden), features]

    def parameters(self, features: int) -> int:
        """Return the number of trainable parameters."""
        layers = self.widths(features)
        gains = 2 * sum(self.hidden) if self.batch_norm else 0  # beta replaces the bias
        return sum(a * b for a, b in pairwise(layers)) + sum(layers[1:]) + gains

    def shapes(self, features: int) -> Mapping[str, tuple[int, ...]]:
        depth = range(1, len(self.hidden) + 1)
        names = [*(f"encoder_{i}" for i in depth), "z", *(f"decoder_{i}" for i in depth), "x_hat"]
        shapes: dict[str, tuple[int, ...]] = {}
        for name, (n_in, n_out) in zip(names, pairwise(self.widths(features)), strict=True):
            normalised = self.batch_norm and name not in {"z", "x_hat"}
            shapes[f"{name}/kernel"] = n_in, n_out
            vectors = NORMALISATION if normalised else ("/bias",)
            shapes |= {f"{name}{vector}": (n_out,) for vector in vectors}
        return shapes


@option("model", "auto")
@dataclass(kw_only=True)
class Auto(ModelSpec):
    """The simplest of several models that is as good as the best one on validation rows.

    Tried are a linear model (the principal components) and residual networks of several widths
    and learning rates.
    """

    axes: Axes | None = redefault(Autoencoder, "axes", None)


@option("model", "shallow")
@dataclass(kw_only=True)
class Shallow(Autoencoder):
    """No hidden layers: each factor is the activation of one weighted sum of the features."""

    same_as = Autoencoder


@option("model", "deep")
@dataclass(kw_only=True)
class Deep(Autoencoder):
    """Hidden layers between features and factors, for non-linear structure."""

    same_as = Autoencoder

    hidden: list[int] = redefault(Autoencoder, "hidden", [32, 16])
    latent_activation: Activation = redefault(Autoencoder, "latent_activation", Activation.linear)


@option("model", "linear")
@dataclass(kw_only=True)
class Linear(Autoencoder):
    """Linear activations: spans the principal subspace (Baldi and Hornik, 1989)."""

    same_as = Autoencoder

    activation: Activation = redefault(Autoencoder, "activation", Activation.linear)
    latent_activation: Activation = redefault(Autoencoder, "latent_activation", Activation.linear)


@option("model", "residual")
@dataclass(kw_only=True)
class Residual(Autoencoder):
    """Principal components, and hidden layers that start at 0 and improve on them.

    z = x W + b + f(x) and x_hat = z V + c + g(z). W, b, V and c start at the principal components
    of the training rows. f and g are the hidden layers; their last weights start at 0 (Al-Digeil
    et al., 2022, arXiv:2205.11673). So training starts at PCA. Without hidden layers, f and g are
    absent. With other activations of factors or output than linear, applied to the sums, the start
    is only near PCA.
    """

    same_as = Autoencoder

    hidden: list[int] = redefault(Autoencoder, "hidden", [32, 16])
    activation: Activation = redefault(Autoencoder, "activation", Activation.elu)
    latent_activation: Activation = redefault(Autoencoder, "latent_activation", Activation.linear)

    def methods(self) -> str:
        factors = counted(self.latent_dim, "latent factor")
        hidden, sources = "no hidden layer", "@jolliffe2016"
        if self.hidden:
            hidden = f"{self._hidden()}, whose outputs were added to those of linear maps"
            sources += "; @aldigeil2022"
        return (
            "a fully connected autoencoder [@kramer1991; @hinton2006] that starts from principal"
            f" components [{sources}], with {hidden}, {factors}"
            f" ({ACTIVATIONS[self.latent_activation]} activation) and an output layer with"
            f" {ACTIVATIONS[self.output_activation]} activation"
        )

    def details(self, features: int) -> str:
        layers = "–".join(map(str, self.widths(features)))
        hidden = (
            " The last weights of the hidden layers were initialised as 0, other weights"
            f" {INITIALIZERS[self.kernel_initializer]}, biases as 0."
        )
        return (
            f"Its layers had {layers} units and {self.parameters(features):,} trainable"
            " parameters. The linear maps of encoder and decoder were initialised with the mean"
            " and the first principal components of the training rows."
            f"{hidden if self.hidden else ''}"
        )

    def bottleneck(self) -> tuple[list[str], list[str]] | None:
        """Return the layers whose sum is the factors, and those that read them."""
        if not self.hidden or self.latent_activation is not Activation.linear:
            return super().bottleneck()
        return ["z", "z_residual"], ["x_hat", "decoder_1"]

    def parameters(self, features: int) -> int:
        """Return the number of trainable parameters."""
        linear_maps = 2 * features * self.latent_dim if self.hidden else 0
        return super().parameters(features) + linear_maps

    def shapes(self, features: int) -> Mapping[str, tuple[int, ...]]:
        shapes = dict(super().shapes(features))
        if self.hidden:
            for name, n_in, n_out in (
                ("z", features, self.latent_dim),
                ("x_hat", self.latent_dim, features),
            ):
                shapes[f"{name}_residual/kernel"] = shapes[f"{name}/kernel"]
                shapes[f"{name}/kernel"] = n_in, n_out
        return shapes
