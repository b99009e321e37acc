"""optimizer: OptimizerSpec -> a Keras optimizer; learning_rate: ScheduleSpec -> its rate."""

from typing import Any

import keras
from keras.optimizers import schedules

from aeexp.config.spec import (
    SGD,
    Adam,
    AdamW,
    Constant,
    Cosine,
    Exponential,
    Nadam,
    OptimizerSpec,
    RMSprop,
    ScheduleSpec,
    WarmupCosine,
)
from aeexp.config.verb import verb

SLACK = 1e-6
"""By which a share of the steps may fall short of a whole number, and be it: that of rounding."""


@verb
def learning_rate(spec: ScheduleSpec, lr: float, steps_per_epoch: int, epochs: int) -> Any:
    """Return the learning rate as a number, or as a Keras schedule over training steps.

    The rate and the numbers of the spec may not be known yet, as those of many models are traced
    together: compute with them, but do not compare them.
    """
    message = f"No schedule for {type(spec).__name__}: register one with learning_rate.register."
    raise NotImplementedError(message)


@learning_rate.register
def _(spec: Constant, lr: float, steps_per_epoch: int, epochs: int) -> Any:
    return lr


@learning_rate.register
def _(spec: Exponential, lr: float, steps_per_epoch: int, epochs: int) -> Any:
    return schedules.ExponentialDecay(lr, steps_per_epoch, spec.decay)


@learning_rate.register
def _(spec: Cosine, lr: float, steps_per_epoch: int, epochs: int) -> Any:
    return schedules.CosineDecay(lr, steps_per_epoch * epochs, alpha=spec.final)


@learning_rate.register
def _(spec: WarmupCosine, lr: float, steps_per_epoch: int, epochs: int) -> Any:
    steps = steps_per_epoch * epochs
    warmup = keras.ops.floor(spec.warmup * (steps * (1 + SLACK)))
    schedule = schedules.CosineDecay(
        0.0, steps, alpha=spec.final, warmup_target=lr, warmup_steps=warmup
    )
    schedule.decay_steps = steps - warmup  # Keras would compare it, which may not be known yet
    return schedule


@verb
def optimizer(spec: OptimizerSpec, rate: Any) -> keras.optimizers.Optimizer:
    """Return a Keras optimizer with a learning rate or a schedule.

    It must have each other number of its spec under the same name, where the compiled engine sets
    it for each member.
    """
    message = f"No optimizer for {type(spec).__name__}: register one with optimizer.register."
    raise NotImplementedError(message)


@optimizer.register
def _(spec: Adam, rate: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(rate, spec.beta_1, spec.beta_2)


@optimizer.register
def _(spec: AdamW, rate: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(rate, spec.weight_decay, spec.beta_1, spec.beta_2)


@optimizer.register
def _(spec: Nadam, rate: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.Nadam(rate, spec.beta_1, spec.beta_2)


@optimizer.register
def _(spec: SGD, rate: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(rate, spec.momentum, spec.nesterov)


@optimizer.register
def _(spec: RMSprop, rate: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(rate, spec.rho, spec.momentum)
