"""What keeps a model from learning the rows by heart."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import LOSS_METRICS, Spec, option, param
from aeexp.text import exact, percent


class AppliesTo(Enum):
    """What a penalty is put on."""

    activity = "activity"
    kernel = "kernel"


@dataclass(kw_only=True)
class RegulariserSpec(Spec):
    """A penalty added to the loss, or a disturbance during training."""


@dataclass(kw_only=True)
class Penalty(RegulariserSpec):
    """A penalty on each layer of the encoder."""

    applies_to: AppliesTo = param(
        AppliesTo.activity,
        "The layers' outputs (summed, divided by the batch size) or their weights.",
        redefines=LOSS_METRICS,
    )

    def _target(self) -> str:
        if self.applies_to is AppliesTo.kernel:
            return "on the weights of each layer of the encoder"
        return "on the outputs of each layer of the encoder, averaged over the rows of a batch"


@option("regulariser", "l1")
@dataclass(kw_only=True)
class L1(Penalty):
    """strength * sum |a|: drives values to exactly zero."""

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
    """strength * sum a^2: keeps values small."""

    strength: float = param(
        1e-4, "Weight of the penalty in the loss.", at_least=0, redefines=LOSS_METRICS
    )

    def methods(self) -> str:
        return f"an L2 penalty [@hoerl1970] of strength {exact(self.strength)} {self._target()}"


@option("regulariser", "l1_l2")
@dataclass(kw_only=True)
class L1L2(Penalty):
    """l1 * sum |a| + l2 * sum a^2: both at once (elastic net)."""

    l1: float = param(
        1e-4, "Weight of the absolute values in the loss.", at_least=0, redefines=LOSS_METRICS
    )
    l2: float = param(
        1e-4, "Weight of the squares in the loss.", at_least=0, redefines=LOSS_METRICS
    )

    def methods(self) -> str:
        return (
            f"an elastic-net penalty [@zou2005] of strengths {exact(self.l1)} (L1) and"
            f" {exact(self.l2)} (L2) {self._target()}"
        )


@option("regulariser", "dropout")
@dataclass(kw_only=True)
class Dropout(RegulariserSpec):
    """Switches off a share of what each layer of the encoder reads (Srivastava et al., 2014)."""

    rate: float = param(
        0.1,
        "Share switched off, anew in each training step.",
        at_least=0,
        below=1,
        redefines=["loss"],
    )

    def methods(self) -> str:
        rate = percent(self.rate)
        return f"dropout [@srivastava2014] of {rate} of what each layer of the encoder reads"


@option("regulariser", "noise")
@dataclass(kw_only=True)
class Noise(RegulariserSpec):
    """Gaussian noise on the input: a denoising autoencoder (Vincent et al., 2008)."""

    sd: float = param(
        0.1,
        "Standard deviation, in units of the scaled data.",
        at_least=0,
        redefines=["loss"],
    )

    def methods(self) -> str:
        sd = exact(self.sd)
        return f"normal noise of standard deviation {sd} on the scaled input [@vincent2008]"
