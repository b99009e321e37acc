"""Learning-rate schedules."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, option, param
from aeexp.text import exact, percent


@dataclass(kw_only=True)
class ScheduleSpec(Spec):
    """Learning rate as a function of the training step."""


@option("schedule", "constant")
@dataclass(kw_only=True)
class Constant(ScheduleSpec):
    """Constant learning rate, optimizer.lr."""

    def methods(self) -> str:
        return "a constant learning rate"


@option("schedule", "exponential")
@dataclass(kw_only=True)
class Exponential(ScheduleSpec):
    """Exponential decay: multiplied by decay every epoch."""

    decay: float = param(0.99, "Factor per epoch.", above=0, at_most=1)

    def methods(self) -> str:
        return f"a learning rate that was multiplied by {exact(self.decay)} every epoch"


@option("schedule", "cosine")
@dataclass(kw_only=True)
class Cosine(ScheduleSpec):
    """Cosine decay over all epochs (Loshchilov and Hutter, 2017)."""

    final: float = param(
        0.0, "Final learning rate, as a fraction of optimizer.lr.", at_least=0, at_most=1
    )

    def methods(self) -> str:
        return f"a learning rate that {self._fell()} over all epochs"

    def _fell(self) -> str:
        end = f"{percent(self.final)} of its highest value" if self.final else "0"
        return f"fell along half a cosine [@loshchilov2017] to {end}"


@option("schedule", "warmup_cosine")
@dataclass(kw_only=True)
class WarmupCosine(Cosine):
    """Linear warm-up from 0 (Goyal et al., 2017), then cosine decay."""

    warmup: float = param(0.1, "Fraction of the epochs for the warm-up.", at_least=0, below=1)

    def methods(self) -> str:
        warmup = percent(self.warmup)
        return (
            f"a learning rate that rose from 0 along a straight line over the first {warmup} of"
            f" the training steps [@goyal2017] and then {self._fell()}"
        )
