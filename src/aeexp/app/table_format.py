"""How a file is read, by the overrides of a command that is not a run."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import yaml
from omegaconf import OmegaConf

from aeexp.config.spec import Format
from aeexp.errors import UserError


def table_format(overrides: Sequence[str], default: Format) -> Format:
    """Return how to read a file: the defaults and the overrides, without `dataset.`."""
    values: Any = OmegaConf.structured(
        Format(**{f.name: getattr(default, f.name) for f in fields(Format)})
    )
    for override in overrides:
        key, _, text = override.partition("=")
        values = OmegaConf.merge(values, {key: _value(key, text)})
    format = OmegaConf.to_object(values)
    assert isinstance(format, Format)
    return format


def _value(key: str, text: str) -> Any:
    """Return a value as a run reads it, or as YAML, which also permits a query with a comma.

    Raises:
        UserError: It has a character of the grammar, such as #, without quotation marks.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser  # noqa: PLC0415
    from hydra.errors import HydraException  # noqa: PLC0415  (slow to import)

    try:
        (override,) = OverridesParser.create().parse_overrides([f"{key}={text}"])
        if text and not override.is_sweep_override():
            return override.value()
    except HydraException:
        pass
    try:
        return OmegaConf.from_dotlist([f"{key}={text}"])[key]
    except yaml.YAMLError as error:
        texts = "','".join(part.strip() for part in text.strip("[]").split(","))
        quoted = f"['{texts}']" if text.startswith("[") else f"'{text}'"
        raise UserError(
            f"dataset.{key}={text} cannot be parsed. Put texts with special characters in"
            f' quotation marks: "dataset.{key}={quoted}".'
        ) from error
