"""What the network was."""

from collections.abc import Iterator
from itertools import pairwise

from aeexp.methods.wording import describe, joined
from aeexp.spec import Activation, Autoencoder, Initializer, ModelSpec
from aeexp.web.wording import counted

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
INITIALIZERS = {
    Initializer.glorot_uniform: "from Glorot's uniform distribution [@glorot2010]",
    Initializer.glorot_normal: "from Glorot's normal distribution [@glorot2010]",
    Initializer.he_uniform: "from He's uniform distribution [@he2015]",
    Initializer.he_normal: "from He's normal distribution [@he2015]",
    Initializer.lecun_uniform: "from LeCun's uniform distribution [@lecun1998]",
    Initializer.lecun_normal: "from LeCun's normal distribution [@lecun1998]",
    Initializer.orthogonal: "as random orthogonal matrices [@saxe2014]",
}


def network(spec: ModelSpec, features: int) -> Iterator[str]:
    """Yield what was trained to reconstruct rows of so many features."""
    yield f"The model was {describe(spec)}."
    if not isinstance(spec, Autoencoder):
        return
    layers = "–".join(map(str, widths(spec, features)))
    yield f"Its layers had {layers} units and {parameters(spec, features):,} trainable parameters."
    yield f"Weights were initialised {INITIALIZERS[spec.kernel_initializer]}, biases as 0."


@describe.register
def _(spec: Autoencoder) -> str:
    factors = counted(spec.latent_dim, "latent factor")
    return (
        f"a fully connected autoencoder [@kramer1991; @hinton2006] with {_hidden(spec)}, {factors}"
        f" ({ACTIVATIONS[spec.latent_activation]} activation) and an output layer with"
        f" {ACTIVATIONS[spec.output_activation]} activation"
    )


def _hidden(spec: Autoencoder) -> str:
    if not spec.hidden:
        return "no hidden layer"
    units = joined([str(units) for units in spec.hidden])
    layers = "a hidden layer" if len(spec.hidden) == 1 else "hidden layers"
    normalised = ", batch normalisation [@ioffe2015]" if spec.batch_norm else ""
    return (
        f"{layers} of {units} units ({ACTIVATIONS[spec.activation]} activation{normalised}) in"
        " the encoder, mirrored in the decoder"
    )


def is_linear(spec: ModelSpec) -> bool:
    """Return whether a network is a product of matrices, but for its biases."""
    if not isinstance(spec, Autoencoder):
        return False
    hidden = {spec.activation} if spec.hidden else set()
    return {spec.latent_activation, spec.output_activation, *hidden} == {Activation.linear}


def widths(spec: Autoencoder, features: int) -> list[int]:
    """Return the units of each layer, from the features to their reconstruction."""
    return [features, *spec.hidden, spec.latent_dim, *reversed(spec.hidden), features]


def parameters(spec: Autoencoder, features: int) -> int:
    """Return how many numbers are fitted: weights, biases, and gains of normalised layers."""
    layers = widths(spec, features)
    gains = 2 * sum(spec.hidden) if spec.batch_norm else 0  # whose shifts stand for the biases
    return sum(a * b for a, b in pairwise(layers)) + sum(layers[1:]) + gains
