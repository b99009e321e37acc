"""architecture.json -> the spec of a model."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from aeexp.spec import ModelSpec

MOST_VALUES = 1000
"""Of a list, hidden layers say."""


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
