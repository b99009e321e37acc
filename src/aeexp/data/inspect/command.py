"""The command that trains on a table, quoted for a shell and for Hydra."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from aeexp.config.quoting import PLAIN, quoted
from aeexp.config.spec import Format
from aeexp.data.inspect.roles import Roles

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
MANY = 20  # columns to drop; more are not listed in a command
LINE = 90  # characters


def command(path: Path, format: Format, roles: Roles, rows: Sequence[str] = ()) -> str:
    """Return the command that trains on a table, in lines that a shell joins.

    rows: names of rows of a transposed table to leave out.
    """
    return in_lines(["dataset=table", *_overrides(path, format, roles, rows)])


def in_lines(overrides: Iterable[str]) -> str:
    """Return the command of a run with overrides, in lines that a shell joins."""
    lines = ["aeexp"]
    for override in overrides:
        quoted_override = argument(override)
        if len(lines[-1]) + len(quoted_override) > LINE:
            lines.append("   ")
        lines[-1] += f" {quoted_override}"
    return " \\\n".join(lines)


def argument(override: str) -> str:
    """Return an override, quoted for a shell."""
    quoted_override = shlex.quote(override)
    if quoted_override != override and not set('"$`\\!') & set(override):
        return f'"{override}"'  # easier to read than '"'"'
    return quoted_override


def _overrides(path: Path, format: Format, roles: Roles, rows: Sequence[str]) -> Iterator[str]:
    yield f"dataset.path={quoted(str(path))}"
    for key in (f.name for f in fields(Format)):
        if (value := getattr(format, key)) not in (None, []):
            yield f"dataset.{key}={value_text(value)}"
    yield from _named_columns(roles)
    too_many = len(roles.unused) > MANY
    unused = [c.name for c in roles.unused if not (too_many and c.is_text)]
    if listed := [name for name in (*rows, *unused) if name.isprintable()]:
        yield f"dataset.drop=[{','.join(map(quoted, listed))}]"
    if any(c.infinite for c in roles.features):
        yield "dataset.infinite=missing"
    if any(c.missing or c.infinite for c in roles.features if not c.is_text):
        yield "dataset.missing=median"
    if too_many or any(c.is_text for c in roles.features):
        yield f"dataset.categorical={'drop' if too_many else 'onehot'}"


def _named_columns(roles: Roles) -> Iterator[str]:
    """Yield the overrides that name columns which are no measurements."""
    if roles.labels:
        named = [quoted(label.name) for label in roles.labels]
        several = ",".join(named)
        yield f"dataset.label={several if len(named) == 1 else f'[{several}]'}"
    names = {key: column.name for key, column in roles.special.items()}
    if roles.order is not None:
        names["time"] = roles.order
    for key, name in names.items():
        yield f"dataset.{key}={quoted(name)}"
    if roles.split is not None:
        yield f"split.column={quoted(roles.split.name)}"


def value_text(value: Any) -> str:
    """Return a value of a format as Hydra writes it."""
    match value:
        case bool() | int() | float():
            return str(value).lower()
        case list():
            texts = (text if NUMBER.fullmatch(text) else quoted(text) for text in value)
            return f"[{','.join(texts)}]"
        case dict() if all(map(PLAIN.fullmatch, value)):
            return f"{{{','.join(f'{old}:{quoted(new)}' for old, new in value.items())}}}"
        case dict():  # Hydra permits no quotation marks in a key
            return f"[{','.join(f'[{quoted(k)},{quoted(v)}]' for k, v in value.items())}]"
    return quoted(value)
