"""optimizer: OptimizerSpec -> Keras optimizer; learning_rate: ScheduleSpec -> its rate."""

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
"""Relative tolerance for rounding when a share of the steps is rounded down to whole steps."""


@verb
def learning_rate(spec: ScheduleSpec, lr: float, steps_per_epoch: int, epochs: int) -> Any:
    """Return the learning rate as a number, or as a Keras schedule over training steps.

    While a program is traced, the rate and the spec's hyperparameters have no value yet: compute
    with them, but do not compare them.
    """
    raise NotImplementedError(
        f"No schedule for {type(spec).__name__}: register one with learning_rate.register."
    )


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
    schedule.decay_steps = steps - warmup  # not in __init__, where Keras compares it
    return schedule


@verb
def optimizer(spec: OptimizerSpec, rate: Any) -> keras.optimizers.Optimizer:
    """Return a Keras optimizer with a learning rate or a schedule.

    The optimizer must have an attribute of the same name for every other hyperparameter of its
    spec: the compiled engine sets it for each member.
    """
    raise NotImplementedError(
        f"No optimizer for {type(spec).__name__}: register one with optimizer.register."
    )


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
