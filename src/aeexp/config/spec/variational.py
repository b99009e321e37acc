"""Variational autoencoders."""

from collections.abc import Mapping
from dataclasses import dataclass

from aeexp.config.spec._spec import LOSS_METRICS, option, param, redefault
from aeexp.config.spec.model import Activation, Autoencoder, Axes, Residual
from aeexp.text import exact


@option("model", "variational")
@dataclass(kw_only=True)
class Variational(Residual):
    """Factors with a distribution in each row, kept near the standard normal (beta-VAE).

    Each row has a normal distribution of its factors; training draws from it (Kingma and Welling,
    2014, arXiv:1312.6114). The factors of a row are its means. The loss is the mean squared error
    plus 2 s² beta / features times the divergence of these distributions from the standard normal:
    2 s² / features times the negative evidence lower bound with noise of variance s². Layers are
    those of `residual`, and start at probabilistic PCA (Tipping and Bishop, 1999), which is the
    optimum without hidden layers (Lucas et al., 2019, arXiv:1911.02469).
    """

    latent_activation: Activation = redefault(Autoencoder, "latent_activation", Activation.linear)
    axes: Axes | None = redefault(Autoencoder, "axes", None)
    beta: float = param(
        1.0,
        "Weight of the divergence; above 1 the factors are closer to independent.",
        at_least=0,
        redefines=LOSS_METRICS,
    )
    warm_up: int = param(
        0,
        "Training steps in which beta rises linearly from 0.",
        at_least=0,
        redefines=["loss"],
    )
    free_bits: float = param(
        0.0,
        "Divergence of a factor, in nats, below which it costs nothing (Kingma et al., 2016).",
        at_least=0,
        redefines=LOSS_METRICS,
    )
    noise: float | None = param(
        None,
        "Standard deviation s of the noise of a scaled feature. null: learnt, s² is the mean"
        " squared error of a batch (Rybkin et al., 2021).",
        above=0,
        traced=False,
        redefines=LOSS_METRICS,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latent_activation is not Activation.linear:
            self.reject("latent_activation", "linear", self.latent_activation.value)

    def methods(self) -> str:
        start = super().methods().replace("a fully connected autoencoder", "an autoencoder", 1)
        return (
            f"a variational autoencoder [@kingma2014]: {start}, whose factors have a normal"
            " distribution in each row and start at probabilistic PCA [@tipping1999]; the factors"
            " reported are means"
        )

    def term(self) -> str:
        noise = (
            "the mean squared error of the batch [@rybkin2021]"
            if self.noise is None
            else f"{exact(self.noise)}²"
        )
        free = (
            f", of which each factor had {exact(self.free_bits)} nats free [@kingma2016]"
            if self.free_bits
            else ""
        )
        rising = (
            f"; beta rose from 0 to {exact(self.beta)} in the first {exact(self.warm_up)} steps"
            if self.warm_up
            else ""
        )
        weight = "" if self.beta == 1 else f"{exact(self.beta)} times "
        source = "" if self.beta == 1 else " [@higgins2017]"
        return (
            f"{weight}the Kullback–Leibler divergence of the factors' distributions from the"
            f" standard normal{source}, times 2 s² / features, where s² is {noise}{free}{rising}"
        )

    def details(self, features: int) -> str:
        layers = "–".join(map(str, self.widths(features)))
        count = self.parameters(features)
        return f"Its layers had {layers} units and {count:,} trainable parameters."

    def affine(self) -> bool:
        return super().affine()

    def bottleneck(self) -> None:
        """Return None: the standard normal fixes the scale of the factors."""

    def parameters(self, features: int) -> int:
        """Return the number of trainable parameters, with those of the variances."""
        inputs = self.hidden[-1] if self.hidden else features
        return super().parameters(features) + (inputs + 1) * self.latent_dim

    def shapes(self, features: int) -> Mapping[str, tuple[int, ...]]:
        inputs = self.hidden[-1] if self.hidden else features
        return {
            **super().shapes(features),
            "z_log_variance/kernel": (inputs, self.latent_dim),
            "z_log_variance/bias": (self.latent_dim,),
        }
