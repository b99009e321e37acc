"""Every option does what its group must do and is documented; what is forgotten fails by name."""

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
        for group, words in OPTIONS.items()
        for name in words
    ],
)
def test_an_option_does_what_its_group_must_do(group: str, name: str) -> None:
    check(group, name)


def test_every_group_is_held_to_something_or_has_nothing_to_do() -> None:
    assert {*CHECKS, *WITHOUT_METHODS} == {*OPTIONS}


@dataclass(kw_only=True)
class Silent(Autoencoder):
    """Has no words."""


@dataclass(kw_only=True)
class Unsourced(ClusteringSpec):
    """Cites what has no entry."""

    def methods(self) -> str:
        return "a clustering [@nobody1900]"


@dataclass(kw_only=True)
class Termless(Tempered):
    """Does not say that it adds to the loss."""

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return ""


@dataclass(kw_only=True)
class Early(Baked):
    """Reads a number while it is built."""

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return "a term"


@dataclass(kw_only=True)
class Nothing(Shallow):
    """Has no implementation, so that it is a plain autoencoder."""

    beta: float = param(0.5, "Of nothing.")

    def methods(self) -> str:
        return "a model"

    def term(self) -> str:
        return ""


class Decayed(keras.optimizers.SGD):
    """Computes with its number when it is made."""

    def __init__(self, rate: Any, decay: float) -> None:
        super().__init__(rate)
        self.decay, self.factor = decay, 1 - decay

    def update_step(self, gradient: Any, variable: Any, rate: Any) -> None:
        super().update_step(self.factor * gradient, variable, rate)


@dataclass(kw_only=True)
class Precomputed(OptimizerSpec):
    """Computes with its number when it is made."""

    decay: float = param(0.5, "Of the gradient.")

    def methods(self) -> str:
        return "an optimizer"


@optimizer.register
def _(spec: Precomputed, rate: Any) -> keras.optimizers.Optimizer:
    return Decayed(rate, spec.decay)


@dataclass(kw_only=True)
class Idle(RegulariserSpec):
    """Does nothing."""

    sd: float = param(0.5, "Of nothing.")

    def methods(self) -> str:
        return "nothing"


@dataclass(kw_only=True)
class Fixed(RegulariserSpec):
    """Takes its number when it is built."""

    sd: float = param(0.5, "Of noise.")

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
        pytest.param("model", Silent, "has no method `methods`", id="words"),
        pytest.param("clustering", Unsourced, "cites 'nobody1900'", id="source"),
        pytest.param("model", Termless, "`term` is '', but the model adds a loss", id="term"),
        pytest.param("model", Early, "model.slope is read while it is built", id="early"),
        pytest.param("model", Nothing, "model.beta changes nothing", id="nothing"),
        pytest.param("optimizer", Precomputed, "optimizer.decay is read while", id="precomputed"),
        pytest.param("regulariser", Idle, "does nothing in training", id="idle"),
        pytest.param("regulariser", Fixed, "regulariser.it.sd is read while", id="fixed"),
        pytest.param("clustering", Odd, "clusters must be counted from 0", id="counted"),
    ],
)
def test_an_option_that_does_not_is_told_by_name(
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
def test_an_option_that_nothing_does_the_work_of_says_what_to_register(
    group: str, base: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = dataclass(kw_only=True)(
        type("Bare", (base,), {"__doc__": "Bare.", "methods": lambda self: "bare"})
    )
    monkeypatch.setitem(OPTIONS[group], "mine", kind)
    with pytest.raises(AssertionError, match=r"=mine: Not.*for Bare: register one with .*reg"):
        check(group, "mine")


def test_two_classes_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match=r"model=deep is aeexp.config.spec.model.Deep already"):
        option("model", "deep")(Silent)
