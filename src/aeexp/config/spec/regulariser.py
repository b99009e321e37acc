"""Regularisers: penalties in the loss, dropout and noise."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from aeexp.config.spec._spec import LOSS_METRICS, Spec, option, param
from aeexp.text import exact, percent


class AppliesTo(Enum):
    """Target of a penalty."""

    activity = "activity"
    latent = "latent"
    kernel = "kernel"


@dataclass(kw_only=True)
class RegulariserSpec(Spec):
    """Penalty in the loss, or noise during training."""

    chooses_axes: ClassVar[bool] = False
    """Whether its optimum is a choice among axes of the factors that reconstruct equally well."""


@dataclass(kw_only=True)
class Penalty(RegulariserSpec):
    """Penalty on each layer of the encoder, or on the factors alone."""

    applies_to: AppliesTo = param(
        AppliesTo.activity,
        "Target: activity, outputs of the encoder's layers (sum divided by batch size); latent,"
        " outputs of its last layer alone, the factors; kernel, weights.",
        redefines=LOSS_METRICS,
    )

    def _target(self) -> str:
        if self.applies_to is AppliesTo.kernel:
            return "on the weights of each layer of the encoder"
        outputs = "outputs of each layer of the encoder"
        penalised = "factors" if self.applies_to is AppliesTo.latent else outputs
        return f"on the {penalised}, averaged over the rows of a batch"


@option("regulariser", "l1")
@dataclass(kw_only=True)
class L1(Penalty):
    """L1 penalty, strength * sum |a|: makes values sparse."""

    chooses_axes = True

    strength: float = param(
        1e-4, "Weight of the penalty in the loss.", at_least=0, redefines=LOSS_METRICS
    )

    def methods(self) -> str:
        return (
            f"an L1 penalty [@tibshirani1996] of strength {exact(self.strength)} {self._target()}"
        )


@option("regulariser", "l2")
@dataclass(kw_only=True)
class L2(Penalty):
    """L2 penalty, strength * sum a^2: keeps values small."""

    strength: float = param(
        1e-4, "Weight of the penalty in the loss.", at_least=0, redefines=LOSS_METRICS
    )

    def methods(self) -> str:
        return f"an L2 penalty [@hoerl1970] of strength {exact(self.strength)} {self._target()}"


@option("regulariser", "l1_l2")
@dataclass(kw_only=True)
class L1L2(Penalty):
    """Elastic net, l1 * sum |a| + l2 * sum a^2 (Zou and Hastie, 2005)."""

    chooses_axes = True

    l1: float = param(
        1e-4, "Weight of the L1 penalty in the loss.", at_least=0, redefines=LOSS_METRICS
    )
    l2: float = param(
        1e-4, "Weight of the L2 penalty in the loss.", at_least=0, redefines=LOSS_METRICS
    )

    def methods(self) -> str:
        return (
            f"an elastic-net penalty [@zou2005] of strengths {exact(self.l1)} (L1) and"
            f" {exact(self.l2)} (L2) {self._target()}"
        )


@option("regulariser", "dropout")
@dataclass(kw_only=True)
class Dropout(RegulariserSpec):
    """Dropout on the inputs of each encoder layer (Srivastava et al., 2014)."""

    rate: float = param(0.1, "Dropout rate.", at_least=0, below=1, redefines=["loss"])

    def methods(self) -> str:
        rate = percent(self.rate)
        return f"dropout [@srivastava2014] of {rate} of what each layer of the encoder reads"


@option("regulariser", "noise")
@dataclass(kw_only=True)
class Noise(RegulariserSpec):
    """Gaussian noise on the input, as in a denoising autoencoder (Vincent et al., 2008)."""

    sd: float = param(
        0.1,
        "Standard deviation of the noise, in units of the scaled data.",
        at_least=0,
        redefines=["loss"],
    )

    def methods(self) -> str:
        sd = exact(self.sd)
        return f"normal noise of standard deviation {sd} on the scaled input [@vincent2008]"


@option("regulariser", "nested_dropout")
@dataclass(kw_only=True)
class NestedDropout(RegulariserSpec):
    """Dropout of all factors after a random one, which orders them (Rippel et al., 2014).

    In training, each row is decoded from its first b factors, b from a geometric distribution. So
    the first factor learns what reconstructs most, the second what adds most to it.
    """

    chooses_axes = True

    rate: float = param(
        0.3,
        "Probability that a factor is the last that is decoded, if those before it are not.",
        at_least=0,
        below=1,
        redefines=["loss"],
    )

    def methods(self) -> str:
        return (
            "nested dropout [@rippel2014]: in training, each row was decoded from its first"
            f" factors, their number from a geometric distribution of parameter {exact(self.rate)}"
        )
