"""architecture.json -> the spec of a model, and the weights that it calls for."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum
from functools import singledispatch
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from aeexp.spec import Autoencoder, ModelSpec

Shape = tuple[int, ...]

MOST_VALUES = 1000
"""Of a list, hidden layers say."""
NORMALISATION = tuple(
    f"_norm/{each}" for each in ("gamma", "beta", "moving_mean", "moving_variance")
)
"""What Keras keeps of a normalisation over the batch, which stands in for a bias."""


def rebuilt(name: object, said: Mapping[str, Any]) -> ModelSpec:
    """Return the spec of a model by its class's name and the values of its fields.

    A field that is not said has its default: models are older than the fields of their specs.

    Raises:
        ValueError: There is no such model or field, or a value is not one that it takes.
    """
    kinds = {kind.__name__: kind for kind in _kinds(ModelSpec)}
    if not isinstance(name, str) or name not in kinds:
        message = f"names a model that is unknown, {name!r:.80}"
        raise ValueError(message)
    kind = kinds[name]
    known, hints = {f.name for f in fields(kind)}, get_type_hints(kind)
    if unknown := sorted(said.keys() - known):
        message = f"has keys that {name} has not: {', '.join(unknown)!r:.80}"
        raise ValueError(message)
    return kind(**{key: _value(key, hints[key], value) for key, value in said.items()})


def _kinds(kind: type[ModelSpec]) -> Iterator[type[ModelSpec]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)


def _value(key: str, kind: Any, value: Any) -> Any:
    """Return a value read from JSON as what a field takes."""
    if get_origin(kind) is list and isinstance(value, list) and len(value) <= MOST_VALUES:
        return [_value(key, get_args(kind)[0], each) for each in value]
    if isinstance(kind, UnionType):
        kinds = [each for each in get_args(kind) if each is not NoneType]
        return None if value is None else _value(key, kinds[0], value)
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, str):
        return kind(value)
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    message = f"has {key}={value!r:.80}, which is not what that key takes"
    raise ValueError(message)


@singledispatch
def shapes(spec: ModelSpec, features: int) -> Mapping[str, Shape] | None:
    """Return the shape of every weight of a model for rows of so many features, by its name.

    None where only a backend could tell; a new model whose layers are known is registered here.
    """
    return None


@shapes.register
def _(spec: Autoencoder, features: int) -> Mapping[str, Shape]:
    units = [features, *spec.hidden, spec.latent_dim, *spec.hidden[::-1], features]
    depth = range(1, len(spec.hidden) + 1)
    names = [*(f"encoder_{i}" for i in depth), "z", *(f"decoder_{i}" for i in depth), "x_hat"]
    found: dict[str, Shape] = {}
    for name, (n_in, n_out) in zip(names, pairwise(units), strict=True):
        normalised = spec.batch_norm and name not in {"z", "x_hat"}
        found[f"{name}/kernel"] = n_in, n_out
        vectors = NORMALISATION if normalised else ("/bias",)
        found |= {f"{name}{vector}": (n_out,) for vector in vectors}
    return found
