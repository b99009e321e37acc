"""Regularisers as layers of the training model.

These layers read the hyperparameters of their spec in every call, not while they are built: while
the program of a population is traced, a hyperparameter stands for the values of all members.
Keras's own layers compare their rate or strength with zero, which a traced value does not allow.
"""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

import keras
from keras import ops

from aeexp.config.spec import L1, L1L2, L2, AppliesTo, Dropout, Noise, Penalty, RegulariserSpec
from aeexp.config.verb import verb


class PenaltyLayer(keras.layers.Layer):
    """Returns its input, and adds an activity or a kernel penalty to the loss.

    Activity penalty of the input a: (l1 * sum |a| + l2 * sum a^2) / rows. Keras divides its own by
    the batch size only since 3.14 (keras #22018). Kernel penalty: l1 * sum |w| + l2 * sum w^2 over
    the kernel of `layer`. A penalty in the Keras layer itself would also be in every export.

    It keeps a reference to its last penalty. In a stateless call, a Keras layer (3.15) first
    removes the losses of its previous call from the list of losses, and identifies them by memory
    address. Without the reference, another layer's new loss could get the address of an old one
    and be removed.
    """

    def __init__(
        self,
        specs: Collection[RegulariserSpec],
        layer: keras.layers.Layer,
        applies_to: AppliesTo,
    ) -> None:
        # TensorFlow orders sums by name: a numbered name would round two trainings differently
        super().__init__(name=f"{layer.name}_{applies_to.value}_penalty")
        self.strengths = partial(penalty, specs, applies_to)
        is_kernel = applies_to is AppliesTo.kernel
        self.kernel = partial(getattr, layer, "kernel") if is_kernel else None  # not its variable

    def call(self, a: Any) -> Any:
        values, rows = (
            (self.kernel(), 1) if self.kernel else (a, ops.cast(ops.shape(a)[0], a.dtype))
        )
        l1, l2 = self.strengths()
        self.last = (l1 * ops.sum(ops.abs(values)) + l2 * ops.sum(ops.square(values))) / rows
        self.add_loss(self.last)
        return a


class RandomLayer(keras.layers.Layer):
    """Changes its input at random, in training only."""

    def __init__(self, spec: Any, seed: int) -> None:
        super().__init__()
        self.spec = spec
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, a: Any, *, training: bool = False) -> Any:
        return self.perturb(a) if training else a

    def perturb(self, a: Any) -> Any:
        """Return the input as training uses it."""
        raise NotImplementedError


class DropoutLayer(RandomLayer):
    """Sets a share of its input to zero and scales up the rest."""

    def perturb(self, a: Any) -> Any:
        share = 1.0 - self.spec.rate
        mask = keras.random.uniform(ops.shape(a), seed=self.seed_generator) < share
        return ops.where(mask, a / share, 0.0)


class NoiseLayer(RandomLayer):
    """Adds normal noise to its input."""

    def perturb(self, a: Any) -> Any:
        return a + self.spec.sd * keras.random.normal(ops.shape(a), seed=self.seed_generator)


def penalties(
    specs: Collection[RegulariserSpec],
    layer: keras.layers.Layer,
    *summands: keras.layers.Layer,
) -> list[keras.layers.Layer]:
    """Return the layers that penalise the output and the kernel of `layer`.

    summands: layers whose outputs are added to that of `layer`. Then the kernel of each and the
    sum of all outputs are penalised.
    """
    targets = {spec.applies_to for spec in specs if isinstance(spec, Penalty)}
    return [
        PenaltyLayer(specs, penalised, applies_to)
        for applies_to in AppliesTo
        if applies_to in targets
        for penalised in (layer, *(summands if applies_to is AppliesTo.kernel else ()))
    ]


@verb
def strengths(spec: RegulariserSpec) -> tuple[float, float]:
    """Return the weights (l1, l2) of absolute values and of squares in the loss."""
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
    """Return the layers that change the rows before they reach the encoder.

    They must read the spec's hyperparameters in every call. seeds: for their random parts.
    """
    return []


@at_input.register
def _(spec: Noise, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    return [NoiseLayer(spec, next(seeds))]


@verb
def before_layer(spec: RegulariserSpec, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    """Return the layers that change the input of one layer of the encoder; see `at_input`."""
    return []


@before_layer.register
def _(spec: Dropout, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    return [DropoutLayer(spec, next(seeds))]
