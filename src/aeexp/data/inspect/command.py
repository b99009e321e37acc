"""The command that trains on a table, quoted for a shell and for Hydra."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from aeexp.config.spec import Format
from aeexp.data.inspect.roles import Roles

NOT_TEXT = "null|true|false|nan|inf"
PLAIN = re.compile(
    rf"(?:\.{{0,2}}/)?(?!(?:{NOT_TEXT})$)[A-Za-z_][A-Za-z0-9_./-]*", re.IGNORECASE | re.ASCII
)
MANY = 20  # columns to drop; more are not listed in a command
LINE = 90  # characters


def command(path: Path, format: Format, roles: Roles) -> str:
    """Return the command that trains on a table, in lines that a shell joins."""
    lines = ["aeexp"]
    for override in ("dataset=table", *_overrides(path, format, roles)):
        quoted_override = shlex.quote(override)
        if quoted_override != override and not set('"$`\\!') & set(override):
            quoted_override = f'"{override}"'  # easier to read than '"'"'
        if len(lines[-1]) + len(quoted_override) > LINE:
            lines.append("   ")
        lines[-1] += f" {quoted_override}"
    return " \\\n".join(lines)


def _overrides(path: Path, format: Format, roles: Roles) -> Iterator[str]:
    yield f"dataset.path={quoted(str(path))}"
    for key in (f.name for f in fields(Format)):
        if (value := getattr(format, key)) is not None:
            text = quoted(value) if isinstance(value, str) else str(value).lower()
            yield f"dataset.{key}={text}"
    if roles.labels:
        named = [quoted(label.name) for label in roles.labels]
        several = ",".join(named)
        yield f"dataset.label={several if len(named) == 1 else f'[{several}]'}"
    names = {key: column.name for key, column in roles.special.items()}
    if roles.order is not None:
        names["time"] = roles.order
    for key, name in names.items():
        yield f"dataset.{key}={quoted(name)}"
    too_many = len(roles.unused) > MANY
    listed = [c for c in roles.unused if not (too_many and c.is_text) and c.name.isprintable()]
    if listed:
        yield f"dataset.drop=[{','.join(quoted(c.name) for c in listed)}]"
    if any(c.missing for c in roles.features if not c.is_text):
        yield "dataset.missing=median"
    if too_many or any(c.is_text for c in roles.features):
        yield f"dataset.categorical={'drop' if too_many else 'onehot'}"


def quoted(text: str) -> str:
    """Return a text as a value of a Hydra override, which Hydra parses as this text."""
    if PLAIN.fullmatch(text):
        return text
    # escape the start of an interpolation, and the backslashes before it
    escaped = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)

    def escape(match: re.Match[str]) -> str:
        """Double the backslashes before a quotation mark; Hydra reads others as they are."""
        return match[1] * 2 + ("\\'" if match[2] else "")

    return "'" + re.sub(r"(\\*)('|\Z)", escape, escaped) + "'"
