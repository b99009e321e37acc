"""Regularisers as layers of the training model.

These layers read the hyperparameters of their spec in every call, not while they are built: while
the program of a population is traced, a hyperparameter stands for the values of all members.
Keras's own layers compare their rate or strength with zero, which a traced value does not allow.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from aeexp.config.spec import (
    L1,
    L1L2,
    L2,
    AppliesTo,
    Dropout,
    NestedDropout,
    Noise,
    Penalty,
    RegulariserSpec,
)
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


class NestedDropoutLayer(RandomLayer):
    """Sets all factors of a row after a random one to zero; the first is always kept.

    Factor k, from 0, is kept with probability (1 - rate)^k: then the number of factors that are
    kept has a truncated geometric distribution (Rippel et al., 2014).
    """

    def perturb(self, a: Any) -> Any:
        rows, factors = ops.shape(a)[0], a.shape[-1]
        drawn = keras.random.uniform((rows, 1), seed=self.seed_generator)
        kept = (1.0 - self.spec.rate) ** ops.arange(factors, dtype=a.dtype)
        return ops.where(drawn < kept, a, 0.0)


def penalties(
    specs: Collection[RegulariserSpec], layer: keras.layers.Layer
) -> list[keras.layers.Layer]:
    """Return the layers that penalise the output and the kernel of a hidden layer."""
    return _penalties(specs, [AppliesTo.activity, AppliesTo.kernel], [layer])


def at_factors(
    specs: Collection[RegulariserSpec],
    seeds: Iterator[int],
    layer: keras.layers.Layer,
    *summands: keras.layers.Layer,
) -> list[keras.layers.Layer]:
    """Return the layers between the factors and the decoder: penalties, and nested dropout.

    layer: whose output is the factors. summands: layers whose outputs are added to it; then the
    kernel of each and the sum of all outputs are penalised. seeds: for random layers.
    """
    penalised = _penalties(specs, list(AppliesTo), [layer, *summands])
    return [*penalised, *(layer for spec in specs for layer in before_decoder(spec, seeds))]


def _penalties(
    specs: Collection[RegulariserSpec],
    targets: Collection[AppliesTo],
    layers: Sequence[keras.layers.Layer],
) -> list[keras.layers.Layer]:
    """Return penalties on some targets; on outputs, that of the first layer has the name."""
    used = {spec.applies_to for spec in specs if isinstance(spec, Penalty)}
    return [
        PenaltyLayer(specs, layer, applies_to)
        for applies_to in targets
        if applies_to in used
        for layer in (layers if applies_to is AppliesTo.kernel else layers[:1])
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
    """Return the summed strengths (l1, l2) of the penalties on a target."""
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


@verb
def before_decoder(spec: RegulariserSpec, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    """Return the layers that change the factors before they reach the decoder; see `at_input`."""
    return []


@before_decoder.register
def _(spec: NestedDropout, seeds: Iterator[int]) -> list[keras.layers.Layer]:
    return [NestedDropoutLayer(spec, next(seeds))]
