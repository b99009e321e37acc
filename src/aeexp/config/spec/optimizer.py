"""How the weights follow the gradient."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, option, param
from aeexp.text import exact


@dataclass(kw_only=True)
class OptimizerSpec(Spec):
    """A rule that turns gradients into steps."""

    lr: float = param(1e-3, "Learning rate.", above=0)


@option("optimizer", "adam")
@dataclass(kw_only=True)
class Adam(OptimizerSpec):
    """Steps scaled by running moments of the gradient (Kingma and Ba, 2015)."""

    beta_1: float = param(0.9, "Decay of the first moment.", at_least=0, below=1)
    beta_2: float = param(0.999, "Decay of the second moment.", at_least=0, below=1)

    def methods(self) -> str:
        return f"Adam [@kingma2015] ({self._moments()})"

    def _moments(self) -> str:
        rate, first, second = map(exact, (self.lr, self.beta_1, self.beta_2))
        return f"learning rate {rate}, β₁ = {first}, β₂ = {second}"


@option("optimizer", "sgd")
@dataclass(kw_only=True)
class SGD(OptimizerSpec):
    """Plain stochastic gradient descent, with momentum if wanted."""

    lr: float = param(1e-2, "Learning rate.", above=0)
    momentum: float = param(0.0, "Share of the last step kept in the next.", at_least=0, below=1)
    nesterov: bool = param(False, "Look ahead along the momentum (Nesterov, 1983).")

    def methods(self) -> str:
        said = f"stochastic gradient descent [@robbins1951] (learning rate {exact(self.lr)}"
        if not self.momentum:
            return f"{said})"
        kind = "Nesterov momentum [@nesterov1983]" if self.nesterov else "momentum [@polyak1964]"
        return f"{said}, {kind} {exact(self.momentum)})"


@option("optimizer", "rmsprop")
@dataclass(kw_only=True)
class RMSprop(OptimizerSpec):
    """Steps scaled by a running mean of squared gradients (Tieleman and Hinton, 2012)."""

    rho: float = param(0.9, "Decay of the running mean.", at_least=0, below=1)
    momentum: float = param(0.0, "Share of the last step kept in the next.", at_least=0, below=1)

    def methods(self) -> str:
        said = f"learning rate {exact(self.lr)}, ρ = {exact(self.rho)}"
        momentum = f", momentum {exact(self.momentum)}" if self.momentum else ""
        return f"RMSprop [@tieleman2012] ({said}{momentum})"


@option("optimizer", "adamw")
@dataclass(kw_only=True)
class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019)."""

    weight_decay: float = param(
        4e-3, "Share of a weight taken off per step and unit of lr.", at_least=0
    )

    def methods(self) -> str:
        decay = f"weight decay {exact(self.weight_decay)}"
        return f"AdamW [@loshchilov2019] ({self._moments()}, {decay})"


@option("optimizer", "nadam")
@dataclass(kw_only=True)
class Nadam(Adam):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    def methods(self) -> str:
        return f"Nadam [@dozat2016] ({self._moments()})"
