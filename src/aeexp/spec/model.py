"""What is trained: x -> z -> x_hat."""

from dataclasses import dataclass
from enum import Enum

from aeexp.spec._spec import Spec, param, redefault


class Activation(Enum):
    """The non-linearity after a layer, by Keras's name."""

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


class Initializer(Enum):
    """The distribution of a layer's first weights, by Keras's name."""

    glorot_uniform = "glorot_uniform"
    glorot_normal = "glorot_normal"
    he_uniform = "he_uniform"
    he_normal = "he_normal"
    lecun_uniform = "lecun_uniform"
    lecun_normal = "lecun_normal"
    orthogonal = "orthogonal"


@dataclass(kw_only=True)
class ModelSpec(Spec):
    """An autoencoder with `latent_dim` factors."""

    latent_dim: int = param(3, "Number of latent factors.", at_least=1)


@dataclass(kw_only=True)
class Autoencoder(ModelSpec):
    """Fully connected layers that narrow to the factors, and mirrored ones that widen again."""

    hidden: list[int] = param(
        [], "Units of each layer before the factors; mirrored in the decoder.", at_least=1
    )
    activation: Activation = param(Activation.relu, "Activation of the hidden layers.")
    latent_activation: Activation = param(Activation.tanh, "Activation of the factors.")
    output_activation: Activation = param(
        Activation.linear, "Activation of the reconstruction; must be able to reach the data."
    )
    batch_norm: bool = param(False, "Normalise each hidden layer over the batch.")
    kernel_initializer: Initializer = param(
        Initializer.glorot_uniform, "Distribution of the first weights."
    )


@dataclass(kw_only=True)
class Shallow(Autoencoder):
    """One encoding layer: each factor is one weighted sum of the features, bent once."""


@dataclass(kw_only=True)
class Deep(Autoencoder):
    """Hidden layers between the features and the factors: curved structure can be followed."""

    hidden: list[int] = redefault(Autoencoder, "hidden", [32, 16])
    latent_activation: Activation = redefault(Autoencoder, "latent_activation", Activation.linear)


@dataclass(kw_only=True)
class Linear(Autoencoder):
    """No activation at all: spans the principal subspace (Baldi and Hornik, 1989)."""

    activation: Activation = redefault(Autoencoder, "activation", Activation.linear)
    latent_activation: Activation = redefault(Autoencoder, "latent_activation", Activation.linear)
