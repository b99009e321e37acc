"""architecture.json -> the spec of a model."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from aeexp.config.options import find_class
from aeexp.config.spec import ModelSpec
from aeexp.errors import UserError
from aeexp.runs.document import converted

MOST_VALUES = 1000
"""Of a list, hidden layers say."""


def rebuilt(name: object, said: Mapping[str, Any]) -> ModelSpec:
    """Return the spec of a model by its class's name and the values of its fields.

    A field that is not said has its default: models are older than the fields of their specs.

    Raises:
        UserError: There is no such model or field, or a value is not one that it takes.
    """
    kind = find_class(name) if isinstance(name, str) else None
    if kind is None or kind is ModelSpec or not issubclass(kind, ModelSpec):
        message = f"names the model {name!r:.80}, which no installed package has"
        raise UserError(message)
    if unknown := sorted(said.keys() - {f.name for f in fields(kind)}):
        message = f"has keys that {name} has not: {', '.join(unknown)!r:.80}"
        raise UserError(message)
    if long := [key for key, v in said.items() if isinstance(v, list) and len(v) > MOST_VALUES]:
        message = f"has more than {MOST_VALUES:,} values of {long[0]}"
        raise UserError(message)
    return converted(said, kind)
