"""Every option implements what its group requires, and is documented."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from own_model import Baked, Tempered

from aeexp.analysis.clustering.clusters import cluster
from aeexp.app.conformance import CHECKS, WITHOUT_METHODS, check
from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    Autoencoder,
    ClusteringSpec,
    Deep,
    OptimizerSpec,
    PreprocessingSpec,
    RegulariserSpec,
    ScheduleSpec,
    Shallow,
    option,
    param,
)
from aeexp.models.regularisers import at_input
from aeexp.training.optimizers import optimizer


@pytest.mark.parametrize(
    ("group", "name"),
    [
        pytest.param(group, name, id=f"{group}={name}")
        for group, options in OPTIONS.items()
        for name in options
    ],
)
def test_an_option_implements_what_its_group_requires(group: str, name: str) -> None:
    check(group, name)


def test_every_group_has_a_check_or_needs_none() -> None:
    assert {*CHECKS, *WITHOUT_METHODS} == {*OPTIONS}


@dataclass(kw_only=True)
class Silent(Autoencoder):
    """Has no method `methods`."""


@dataclass(kw_only=True)
class Unsourced(ClusteringSpec):
    """Cites a reference without an entry."""

    def methods(self) -> str:
        return "a clustering [@nobody1900]"


@dataclass(kw_only=True)
class Termless(Tempered):
    """Adds to the loss without a `term`."""

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return ""


@dataclass(kw_only=True)
class Early(Baked):
    """Reads a parameter while it is built."""

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return "a term"


@dataclass(kw_only=True)
class Curved(Deep):
    """Declares an affine decoder, but has hidden layers."""

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return ""

    def affine(self) -> bool:
        return True


@dataclass(kw_only=True)
class Nothing(Shallow):
    """Has no implementation: it is a plain autoencoder, and its parameter has no effect."""

    beta: float = param(0.5, "Unused.")

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return ""


class Decayed(keras.optimizers.SGD):
    """Reads its parameter when it is built."""

    def __init__(self, rate: Any, decay: float) -> None:
        super().__init__(rate)
        self.decay, self.factor = decay, 1 - decay

    def update_step(self, gradient: Any, variable: Any, rate: Any) -> None:
        super().update_step(self.factor * gradient, variable, rate)


@dataclass(kw_only=True)
class Precomputed(OptimizerSpec):
    """Reads its parameter when it is built."""

    decay: float = param(0.5, "Decay of the gradient.")

    def methods(self) -> str:
        return "an optimizer"


@optimizer.register
def _(spec: Precomputed, rate: Any) -> keras.optimizers.Optimizer:
    return Decayed(rate, spec.decay)


@dataclass(kw_only=True)
class Idle(RegulariserSpec):
    """Does nothing."""

    sd: float = param(0.5, "Unused.")

    def methods(self) -> str:
        return "nothing"


@dataclass(kw_only=True)
class Fixed(RegulariserSpec):
    """Reads its parameter when it is built."""

    sd: float = param(0.5, "Standard deviation.")

    def methods(self) -> str:
        return "noise"


@at_input.register
def _(spec: Fixed, seeds: Iterator[int]) -> list[layers.Layer]:
    return [layers.GaussianNoise(spec.sd, seed=next(seeds))]


@dataclass(kw_only=True)
class Odd(ClusteringSpec):
    """Counts clusters from 1."""

    def methods(self) -> str:
        return "a clustering"


@cluster.register
def _(spec: Odd, z: Any, seed: int) -> Any:
    return np.ones(len(z), int)


@pytest.mark.parametrize(
    ("group", "kind", "reason"),
    [
        pytest.param("model", Silent, "it has no method `methods`", id="words"),
        pytest.param("clustering", Unsourced, "cites 'nobody1900'", id="source"),
        pytest.param("model", Termless, "`term` is '', but the model adds a loss", id="term"),
        pytest.param("model", Curved, "`affine` is wrong", id="affine"),
        pytest.param("model", Early, "model.slope is read while it is built", id="early"),
        pytest.param("model", Nothing, "model.beta changes nothing", id="nothing"),
        pytest.param("optimizer", Precomputed, "optimizer.decay is read while", id="precomputed"),
        pytest.param("regulariser", Idle, "does nothing in training", id="idle"),
        pytest.param("regulariser", Fixed, "regulariser.it.sd is read while", id="fixed"),
        pytest.param("clustering", Odd, "clusters must be counted from 0", id="counted"),
    ],
)
def test_the_error_of_an_option_that_does_not_names_it(
    group: str, kind: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPTIONS[group], "mine", kind)
    with pytest.raises(AssertionError, match=f"{group}=mine.*{reason}"):
        check(group, "mine")


@pytest.mark.parametrize(
    ("group", "base"),
    [
        pytest.param("optimizer", OptimizerSpec, id="optimizer"),
        pytest.param("schedule", ScheduleSpec, id="schedule"),
        pytest.param("preprocessing", PreprocessingSpec, id="preprocessing"),
        pytest.param("clustering", ClusteringSpec, id="clustering"),
    ],
)
def test_the_error_without_an_implementation_names_what_to_register(
    group: str, base: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = dataclass(kw_only=True)(
        type("Bare", (base,), {"__doc__": "Bare.", "methods": lambda self: "bare"})
    )
    monkeypatch.setitem(OPTIONS[group], "mine", kind)
    with pytest.raises(AssertionError, match=r"=mine: Not.*for Bare: register one with .*reg"):
        check(group, "mine")


def test_two_classes_cannot_have_the_same_name() -> None:
    with pytest.raises(ValueError, match=r"model=deep is aeexp.config.spec.model.Deep already"):
        option("model", "deep")(Silent)
