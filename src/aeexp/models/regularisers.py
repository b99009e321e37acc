"""What each regulariser does to the layers that are trained."""

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

import keras
from keras import ops

from aeexp.spec import L1, L1L2, L2, AppliesTo, Dropout, Noise, Penalty, RegulariserSpec


class ActivityPenalty(keras.layers.Layer):
    """Passes activities on; adds (l1 * sum |a| + l2 * sum a^2) / rows to the loss.

    Keras divides its own activity penalties by the batch size only since 3.14 (keras #22018).
    """

    def __init__(self, l1: float, l2: float) -> None:
        super().__init__()
        self.l1, self.l2 = l1, l2

    def call(self, a: Any) -> Any:
        penalty = self.l1 * ops.sum(ops.abs(a)) + self.l2 * ops.sum(ops.square(a))
        self.add_loss(penalty / ops.cast(ops.shape(a)[0], a.dtype))
        return a


@singledispatch
def strengths(spec: RegulariserSpec) -> tuple[float, float]:
    """Return the weights of the absolute values and of the squares in the loss."""
    return 0.0, 0.0


@strengths.register
def _(spec: L1) -> tuple[float, float]:
    return spec.strength, 0.0


@strengths.register
def _(spec: L2) -> tuple[float, float]:
    return 0.0, spec.strength


@strengths.register
def _(spec: L1L2) -> tuple[float, float]:
    return spec.l1, spec.l2


def penalty(specs: Iterable[RegulariserSpec], applies_to: AppliesTo) -> tuple[float, float]:
    """Return the summed strengths (l1, l2) of the penalties on activities or kernels."""
    pairs = [
        strengths(spec)
        for spec in specs
        if isinstance(spec, Penalty) and spec.applies_to is applies_to
    ]
    return sum(l1 for l1, _ in pairs), sum(l2 for _, l2 in pairs)


@singledispatch
def at_input(spec: RegulariserSpec) -> list[keras.layers.Layer]:
    """Return the layers that disturb the rows before they reach the encoder."""
    return []


@at_input.register
def _(spec: Noise) -> list[keras.layers.Layer]:
    return [keras.layers.GaussianNoise(spec.sd)]


@singledispatch
def before_layer(spec: RegulariserSpec) -> list[keras.layers.Layer]:
    """Return the layers that disturb what one layer of the encoder reads."""
    return []


@before_layer.register
def _(spec: Dropout) -> list[keras.layers.Layer]:
    return [keras.layers.Dropout(spec.rate)]
