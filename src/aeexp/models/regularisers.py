"""What each regulariser does to the layers that are trained."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

import keras
from keras import ops

from aeexp.config.spec import L1, L1L2, L2, AppliesTo, Dropout, Noise, Penalty, RegulariserSpec
from aeexp.config.verb import verb

# A layer reads its spec's numbers when it is called, never before: while a program for many
# members is made, each number stands for as many values as there are members.


class PenaltyLayer(keras.layers.Layer):
    """Passes activities on and adds a penalty to the loss.

    It holds on to the penalty until it has another. When Keras (3.15) calls a model without state,
    each layer first takes its losses of the last call back from those of this one, and knows
    them by their addresses: another layer's new loss would be lost where it has the address that
    such an old one had.
    """

    def __init__(self, specs: Collection[RegulariserSpec], applies_to: AppliesTo) -> None:
        super().__init__()
        self.strengths = partial(penalty, specs, applies_to)

    def call(self, a: Any) -> Any:
        self.held = self.term(a)
        self.add_loss(self.held)
        return a

    def term(self, a: Any) -> Any:
        """Return what is added to the loss for activities (rows, units)."""
        raise NotImplementedError


class ActivityPenalty(PenaltyLayer):
    """Adds (l1 * sum |a| + l2 * sum a^2) / rows to the loss.

    Keras divides its own activity penalties by the batch size only since 3.14 (keras #22018).
    """

    def __init__(self, specs: Collection[RegulariserSpec]) -> None:
        super().__init__(specs, AppliesTo.activity)

    def term(self, a: Any) -> Any:
        return _elastic(a, *self.strengths()) / ops.cast(ops.shape(a)[0], a.dtype)


class KernelPenalty(PenaltyLayer):
    """Adds l1 * sum |w| + l2 * sum w^2 over a layer's kernel to the loss.

    Keras would keep its own in the layer, and so in every export of the model.
    """

    def __init__(self, specs: Collection[RegulariserSpec], layer: keras.layers.Layer) -> None:
        super().__init__(specs, AppliesTo.kernel)
        self.kernel = partial(getattr, layer, "kernel")  # not its own to train

    def term(self, a: Any) -> Any:  # noqa: ARG002  (the kernel is penalised, not what comes out)
        return _elastic(self.kernel(), *self.strengths())


class Disturbance(keras.layers.Layer):
    """Changes what it reads at random, in training only."""

    def __init__(self, spec: Any, seed: int) -> None:
        super().__init__()
        self.spec = spec
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, a: Any, *, training: bool = False) -> Any:
        return self.disturb(a) if training else a

    def disturb(self, a: Any) -> Any:
        """Return what training sees of `a`."""
        raise NotImplementedError


class DropoutLayer(Disturbance):
    """Sets a share of what it reads to zero and scales up the rest.

    Keras's own Dropout wants to know whether its rate is zero, which many members' is not.
    """

    def disturb(self, a: Any) -> Any:
        share = 1.0 - self.spec.rate
        kept = keras.random.uniform(ops.shape(a), seed=self.seed_generator) < share
        return ops.where(kept, a / share, 0.0)


class NoiseLayer(Disturbance):
    """Adds normal noise to what it reads."""

    def disturb(self, a: Any) -> Any:
        return a + self.spec.sd * keras.random.normal(ops.shape(a), seed=self.seed_generator)


def _elastic(a: Any, l1: Any, l2: Any) -> Any:
    return l1 * ops.sum(ops.abs(a)) + l2 * ops.sum(ops.square(a))


def penalties(
    specs: Collection[RegulariserSpec], layer: keras.layers.Layer
) -> list[keras.layers.Layer]:
    """Return the layers that penalise what `layer` puts out, and its kernel."""
    targets = {spec.applies_to for spec in specs if isinstance(spec, Penalty)}
    activity = [ActivityPenalty(specs)] if AppliesTo.activity in targets else []
    return activity + ([KernelPenalty(specs, layer)] if AppliesTo.kernel in targets else [])


@verb
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


def penalty(specs: Collection[RegulariserSpec], applies_to: AppliesTo) -> tuple[float, float]:
    """Return the summed strengths (l1, l2) of the penalties on activities or kernels."""
    pairs = [
        strengths(spec)
        for spec in specs
        if isinstance(spec, Penalty) and spec.applies_to is applies_to
    ]
    return sum(l1 for l1, _ in pairs), sum(l2 for _, l2 in pairs)


@verb
def at_input(spec: RegulariserSpec, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    """Return the layers that disturb the rows before they reach the encoder.

    They must read the spec's numbers each time they are called. seeds: of what is random in them.
    """
    return []


@at_input.register
def _(spec: Noise, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    return [NoiseLayer(spec, next(seeds))]


@verb
def before_layer(spec: RegulariserSpec, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    """Return the layers that disturb what one layer of the encoder reads; see `at_input`."""
    return []


@before_layer.register
def _(spec: Dropout, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    return [DropoutLayer(spec, next(seeds))]
