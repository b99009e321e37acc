"""Every spec enforces its bounds, has descriptions and survives YAML."""

from dataclasses import Field, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    EarlyStopping,
    Experiment,
    Format,
    MinMax,
    Robust,
    Spec,
    Split,
    Training,
)

SPECS = [kind for options in OPTIONS.values() for kind in options.values()]
SPECS += [Split, Training, EarlyStopping, Experiment, Format]
OUTSIDE = {
    "at_least": lambda bound: bound - 1,
    "above": lambda bound: bound,
    "at_most": lambda bound: bound + 1,
    "below": lambda bound: bound,
}
BOUNDED = [
    pytest.param(kind, f, OUTSIDE[name](bound), id=f"{kind.__name__}.{f.name} {name}")
    for kind in SPECS
    for f in fields(kind)
    for name, bound in f.metadata["bounds"].items()
]
NUMBERS = [
    pytest.param(kind, f, id=f"{kind.__name__}.{f.name}")
    for kind in SPECS
    for f in fields(kind)
    if f.type in (float, float | None)
]


def listed(f: Field, value: float) -> object:
    return [value] if f.type == list[int] else value


@pytest.mark.parametrize(("kind", "f", "value"), BOUNDED)
def test_every_bound_is_enforced(kind: type[Spec], f: Field, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__}\.{f.name} must be .* got {value}"):
        kind(**{f.name: listed(f, value)})


@pytest.mark.parametrize(("kind", "f"), NUMBERS)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_must_be_finite(kind: type[Spec], f: Field, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__}\.{f.name} must be a finite number"):
        kind(**{f.name: value})


@pytest.mark.parametrize("kind", SPECS)
def test_every_parameter_has_a_description(kind: type[Spec]) -> None:
    assert kind.__doc__
    assert all(f.metadata["meaning"].endswith(".") for f in fields(kind))


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [pytest.param(MinMax, 1, 0, id="minmax"), pytest.param(Robust, 50, 50, id="robust")],
)
def test_a_range_ends_above_its_start(kind: type[Spec], low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"\.high must be above low"):
        kind(low=low, high=high)


@pytest.mark.parametrize("kind", SPECS)
def test_a_spec_survives_its_way_through_yaml(kind: type[Spec]) -> None:
    node = OmegaConf.structured(kind())
    read = OmegaConf.merge(OmegaConf.structured(kind), OmegaConf.create(OmegaConf.to_yaml(node)))
    assert OmegaConf.to_object(read) == kind()


@given(
    epochs=st.integers(1, 10**6),
    batch_size=st.integers(1, 10**6),
    patience=st.none() | st.integers(1, 10**6),
)
def test_values_within_bounds_are_unchanged(
    epochs: int, batch_size: int, patience: int | None
) -> None:
    stopping = EarlyStopping(patience=patience)
    training = Training(epochs=epochs, batch_size=batch_size, early_stopping=stopping)
    assert (training.epochs, training.batch_size, training.early_stopping.patience) == (
        epochs,
        batch_size,
        patience,
    )
