"""The options that this package adds to aeexp; implementations are imported on first use."""

from dataclasses import dataclass

from aeexp.config.spec import Autoencoder, Partition, option, param
from aeexp.text import counted, exact


@option("model", "vae")
@dataclass(kw_only=True)
class VAE(Autoencoder):
    """Variational autoencoder (Kingma and Welling, 2014)."""

    implementation = "aeexp_example.network"

    hidden: list[int] = param([32], "Units of each hidden layer of the encoder.", at_least=1)
    beta: float = param(
        0.1,
        "Weight of the Kullback–Leibler divergence in the loss (beta-VAE).",
        at_least=0,
        redefines=["loss", "val_loss"],
    )

    def methods(self) -> str:
        layers = counted(len(self.hidden), "hidden layer")
        return (
            f"a variational autoencoder [@kingma2014] with {layers} in the encoder, mirrored in"
            f" the decoder, and {counted(self.latent_dim, 'latent factor')}"
        )

    def term(self) -> str:
        return (
            f"{exact(self.beta)} times the Kullback–Leibler divergence of the factors'"
            " distributions from the standard normal [@higgins2017]"
        )


@option("clustering", "bisecting")
@dataclass(kw_only=True)
class Bisecting(Partition):
    """Bisecting k-means (Steinbach et al., 2000)."""

    implementation = "aeexp_example.clusters"

    n_init: int = param(
        5, "Number of random initialisations of each split; the best is kept.", at_least=1
    )

    def methods(self) -> str:
        return (
            f"bisecting k-means [@steinbach2000], the best of {counted(self.n_init, 'start')} of"
            " each split"
        )
