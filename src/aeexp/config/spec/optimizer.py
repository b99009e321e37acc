"""Optimizers."""

from dataclasses import dataclass
from typing import ClassVar

from aeexp.config.spec._spec import Spec, option, param
from aeexp.text import exact


@dataclass(kw_only=True)
class OptimizerSpec(Spec):
    """Optimizer."""

    lr: float | None = param(
        None,
        "Learning rate. auto: the best of a few rates on validation rows; usual_lr if"
        " training.epochs is set.",
        automatic=True,
        above=0,
    )
    usual_lr: ClassVar[float] = 1e-3
    """Learning rate where none is set or tried."""

    @property
    def rate(self) -> float:
        """Return the learning rate, or the usual one if it is automatic."""
        return self.usual_lr if self.lr is None else self.lr


@option("optimizer", "adam")
@dataclass(kw_only=True)
class Adam(OptimizerSpec):
    """Adam: adaptive moment estimation (Kingma and Ba, 2015)."""

    beta_1: float = param(0.9, "Decay rate of the first moment.", at_least=0, below=1)
    beta_2: float = param(0.999, "Decay rate of the second moment.", at_least=0, below=1)

    def methods(self) -> str:
        return f"Adam [@kingma2015] ({self._moments()})"

    def _moments(self) -> str:
        rate, first, second = map(exact, (self.rate, self.beta_1, self.beta_2))
        return f"learning rate {rate}, β₁ = {first}, β₂ = {second}"


@option("optimizer", "sgd")
@dataclass(kw_only=True)
class SGD(OptimizerSpec):
    """Stochastic gradient descent, optionally with momentum."""

    usual_lr: ClassVar[float] = 1e-2

    momentum: float = param(0.0, "Momentum.", at_least=0, below=1)
    nesterov: bool = param(False, "Nesterov momentum (Nesterov, 1983).")

    def methods(self) -> str:
        kind = "Nesterov momentum [@nesterov1983]" if self.nesterov else "momentum [@polyak1964]"
        momentum = f", {kind} {exact(self.momentum)}" if self.momentum else ""
        rate = f"learning rate {exact(self.rate)}{momentum}"
        return f"stochastic gradient descent [@robbins1951] ({rate})"


@option("optimizer", "rmsprop")
@dataclass(kw_only=True)
class RMSprop(OptimizerSpec):
    """RMSprop: steps divided by the root mean square gradient (Tieleman and Hinton, 2012)."""

    rho: float = param(0.9, "Decay rate of the running mean.", at_least=0, below=1)
    momentum: float = param(0.0, "Momentum.", at_least=0, below=1)

    def methods(self) -> str:
        momentum = f", momentum {exact(self.momentum)}" if self.momentum else ""
        rates = f"learning rate {exact(self.rate)}, ρ = {exact(self.rho)}{momentum}"
        return f"RMSprop [@tieleman2012] ({rates})"


@option("optimizer", "adamw")
@dataclass(kw_only=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    weight_decay: float = param(4e-3, "Decoupled weight decay, multiplied by lr.", at_least=0)

    def methods(self) -> str:
        decay = f"weight decay {exact(self.weight_decay)}"
        return f"AdamW [@loshchilov2019] ({self._moments()}, {decay})"


@option("optimizer", "nadam")
@dataclass(kw_only=True)
class Nadam(Adam):
    """Adam with Nesterov momentum (Dozat, 2016)."""

    def methods(self) -> str:
        return f"Nadam [@dozat2016] ({self._moments()})"
