"""A spec: a dataclass whose fields carry their meaning and their bounds as data."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from typing import Any, ClassVar, TypeVar

from aeexp.errors import UserError
from aeexp.text import exact, named

MOST_BITS = 63  # of whole numbers, as NumPy, JAX and files hold them
BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "at_least": ("at least", lambda value, bound: value >= bound),
    "above": ("above", lambda value, bound: value > bound),
    "at_most": ("at most", lambda value, bound: value <= bound),
    "below": ("below", lambda value, bound: value < bound),
}


def param(
    default: Any,
    meaning: str,
    *,
    traced: bool = True,
    redefines: Sequence[str] = (),
    **bounds: float,
) -> Any:
    """Declare a parameter: its default, what it means, and the bounds it is refused outside of.

    traced: whether a `float` of a model, regulariser, optimizer or schedule is an argument of the
    compiled program, so that models that differ in it train together; false for one that is read
    while layers are built, not whenever they are called. redefines: names or patterns of the
    metrics that measure something else when it changes, such as a loss of which it is a weight.
    `bounds` are any of `at_least`, `above`, `at_most` and `below`; for a list they hold for
    each of its elements.
    """
    assert set(bounds) <= set(BOUNDS), f"unknown bounds: {set(bounds) - set(BOUNDS)}"
    metadata = {
        "meaning": meaning,
        "bounds": bounds,
        "traced": traced,
        "redefines": tuple(redefines),
    }
    return _declared(default, metadata)


def _declared(default: Any, metadata: Mapping[str, Any]) -> Any:
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def part(kind: type, meaning: str) -> Any:
    """Declare a part of a spec that is a spec itself; `kind()` is its default."""
    return field(default_factory=kind, metadata={"meaning": meaning, "bounds": {}})


def redefault(parent: type, name: str, default: Any) -> Any:
    """Declare a parameter of `parent` again with another default."""
    metadata = next(f for f in fields(parent) if f.name == name).metadata
    return _declared(default, metadata)


def constraint(f: Field[Any]) -> str:
    """Say a field's bounds in words: `at least 0, below 1`; empty when it has none."""
    return ", ".join(
        f"{BOUNDS[name][0]} {_said(bound)}" for name, bound in f.metadata["bounds"].items()
    )


def _said(bound: float) -> str:
    return "2^32" if bound == 2**32 else f"{bound:g}"


LOSS_METRICS = ("loss", "val_loss")
"""Metrics that measure something else where what is added to the loss changes."""
IN_SCALED_UNITS = (
    *LOSS_METRICS,
    *("reconstruction.*.mse", "baseline.pca.*.mse", "baseline.pca.advantage"),
)
"""Metrics that measure something else on another table, or on one that is scaled otherwise."""


OPTIONS: dict[str, dict[str, type["Spec"]]] = {}
"""The options by their names, by the name of their group; see `option`."""
Kind = TypeVar("Kind", bound="type[Spec]")


def option(group: str, name: str) -> Callable[[Kind], Kind]:
    """Declare a class as the option of a group that is called so: `model=deep`.

    Raises:
        ValueError: Another class is called so.
    """

    def declare(kind: Kind) -> Kind:
        there = OPTIONS.setdefault(group, {}).setdefault(name, kind)
        if (there.__module__, there.__qualname__) != (kind.__module__, kind.__qualname__):
            message = f"{group}={name} is {there.__module__}.{there.__qualname__} already"
            raise ValueError(message)
        OPTIONS[group][name] = kind
        return kind

    return declare


@dataclass(kw_only=True)
class Spec:
    """The base of the vocabulary: refuses any value outside the bounds of its field.

    What a class says of itself, above all `methods()`, its words in the Methods of a paper with
    citations as [@key], holds for no class that is derived from it: another would be told as
    what it is not. Where a class differs from another in nothing but defaults, `same_as` is that
    other.

    Raises:
        UserError: A number is not finite or lies outside the bounds of its field.
    """

    implementation: ClassVar[str] = ""
    """The module of a package that registers what its class does; see `verb`."""
    redefines: ClassVar[Sequence[str]] = ()
    """Metrics that measure something else when an option of its kind, or a field of it, varies."""
    same_as: ClassVar[type["Spec"] | None] = None

    def own_method(self, name: str) -> Any:
        """Return a method that its class defines itself, or the class it is the same as."""
        kind: type[Spec] | None = type(self)
        while kind:
            if name in vars(kind):
                return getattr(self, name)
            kind = vars(kind).get("same_as")
        return None

    def __post_init__(self) -> None:
        for f in fields(self):
            for value in _numbers(getattr(self, f.name)):
                self._check(f, value)

    def _check(self, f: Field[Any], value: float) -> None:
        assert "bounds" in f.metadata, f"declare {type(self).__name__}.{f.name} with param()"
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            digits = value.bit_length() * math.log10(2)
            self.refuse(f.name, f"below 2^{MOST_BITS}", f"about 10^{digits:.0f}")
        if not math.isfinite(value):
            self.refuse(f.name, "a finite number", value)
        for name, bound in f.metadata["bounds"].items():
            if not BOUNDS[name][1](value, bound):
                self.refuse(f.name, constraint(f), value)

    def refuse(self, name: str, must_be: str, value: object) -> None:
        """Raise the error that a field's value calls for."""
        constraint = f"must be {must_be}"
        raise UserError(constraint, field=f"{type(self).__name__}.{name}", value=value)


def describe(spec: Spec) -> str:
    """Return what a spec stands for in a paper, with its numbers and with what it cites.

    A noun; of a scaling, what became of the features. A class that has no words of its own is
    called by its name.
    """
    if methods := spec.own_method("methods"):
        return str(methods())
    said = [f"{f.name} = {_value(getattr(spec, f.name))}" for f in fields(spec)]
    return f"{named(type(spec).__name__)} ({', '.join(said)})"


def _value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return exact(value)
    return named(str(value.value if isinstance(value, Enum) else value))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for element in value:
            yield from _numbers(element)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value
