"""A spec: a dataclass whose fields declare their meaning and bounds as metadata."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from typing import Any, ClassVar, TypeVar

from aeexp.errors import UserError
from aeexp.text import exact, named

MOST_BITS = 63  # of an integer: NumPy, JAX and files store them as 64 bits with a sign
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
    automatic: bool = False,
    redefines: Sequence[str] = (),
    **bounds: float,
) -> Any:
    """Declare a parameter.

    meaning: a sentence for `--help`.
    traced: whether a `float` of a model, regulariser, optimizer or schedule is an argument of the
    compiled program. Models that differ only in such parameters train together. Set it to false
    if the value is read when layers are built, not each time they are called.
    automatic: whether the word `auto` stands for None, a value that follows from the table.
    redefines: names or patterns of the metrics whose definition depends on the parameter. Example:
    the loss depends on the weight of each of its terms.
    bounds: any of `at_least`, `above`, `at_most` and `below`. The bounds of a list hold for each
    of its elements.
    """
    assert set(bounds) <= set(BOUNDS), f"unknown bounds: {set(bounds) - set(BOUNDS)}"
    metadata = {
        "meaning": meaning,
        "bounds": bounds,
        "traced": traced,
        "automatic": automatic,
        "redefines": tuple(redefines),
    }
    return _field(default, metadata)


def _field(default: Any, metadata: Mapping[str, Any]) -> Any:
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def part(kind: type, meaning: str) -> Any:
    """Declare a part of a spec that is a spec itself; `kind()` is its default."""
    return field(default_factory=kind, metadata={"meaning": meaning, "bounds": {}})


def redefault(parent: type, name: str, default: Any) -> Any:
    """Declare a parameter of `parent` again with another default."""
    return _field(default, next(f for f in fields(parent) if f.name == name).metadata)


def constraint(f: Field[Any]) -> str:
    """Return a field's bounds as text: `at least 0, below 1`; empty without bounds."""
    bounds = f.metadata["bounds"].items()
    return ", ".join(
        f"{BOUNDS[name][0]} {'2^32' if bound == 2**32 else f'{bound:.10g}'}"
        for name, bound in bounds
    )


LOSS_METRICS = ("loss", "val_loss")
"""Metrics whose definition depends on the terms of the loss."""
IN_SCALED_UNITS = (
    *LOSS_METRICS,
    *("reconstruction.*.mse", "baseline.pca.*.mse", "baseline.pca.advantage"),
)
"""Metrics in units of the scaled table, which differ between tables and between scalings."""


OPTIONS: dict[str, dict[str, type["Spec"]]] = {}
"""The class of each option by group and name; see `option`."""
Kind = TypeVar("Kind", bound="type[Spec]")


def option(group: str, name: str) -> Callable[[Kind], Kind]:
    """Declare a class as an option of a group: `@option("model", "deep")` for `model=deep`.

    Raises:
        ValueError: Another class has this group and name.
    """

    def declare(kind: Kind) -> Kind:
        declared = OPTIONS.setdefault(group, {}).setdefault(name, kind)
        if (declared.__module__, declared.__qualname__) != (kind.__module__, kind.__qualname__):
            raise ValueError(
                f"{group}={name} is {declared.__module__}.{declared.__qualname__} already"
            )
        OPTIONS[group][name] = kind
        return kind

    return declare


@dataclass(kw_only=True)
class Spec:
    """Base class of all specs. Rejects values outside the bounds of their fields.

    A class can define methods that describe it. The most important is `methods()`: its phrase for
    the Methods section of a paper, with citations as `[@key]`. Subclasses do not inherit these
    descriptions (see `own_method`), because a subclass usually does something else. A subclass
    that changes nothing but defaults names the class that describes it in `same_as`.

    Raises:
        UserError: A number is not finite or outside the bounds of its field.
    """

    implementation: ClassVar[str] = ""
    """The module of a package that registers the implementation of the class; see `verb`."""
    redefines: ClassVar[Sequence[str]] = ()
    """Metrics whose definition depends on this option and on each of its fields."""
    same_as: ClassVar[type["Spec"] | None] = None

    def own_method(self, name: str) -> Any:
        """Return a method that its class, or the class in `same_as`, defines; else None."""
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
            self.reject(f.name, f"below 2^{MOST_BITS}", f"about 10^{digits:.0f}")
        if not math.isfinite(value):
            self.reject(f.name, "a finite number", value)
        for name, bound in f.metadata["bounds"].items():
            if not BOUNDS[name][1](value, bound):
                self.reject(f.name, constraint(f), value)

    def reject(self, name: str, must_be: str, value: object) -> None:
        """Raise the error for an invalid value of a field.

        must_be: the constraint, to follow "must be".
        """
        constraint = f"must be {must_be}"
        raise UserError(constraint, field=f"{type(self).__name__}.{name}", value=value)


def describe(spec: Spec) -> str:
    """Return the phrase for a spec in the Methods section, with its parameters and citations.

    Usually a noun phrase. For a scaling it follows "features were". The default, for a class
    without `methods`, is its name and parameters.
    """
    if methods := spec.own_method("methods"):
        return str(methods())
    values = [f"{f.name} = {_value(getattr(spec, f.name))}" for f in fields(spec)]
    return f"{named(type(spec).__name__)} ({', '.join(values)})"


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
