"""The command that trains on a table, quoted for a shell and for Hydra."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from aeexp.config.spec import Format
from aeexp.data.inspect.profile import NAMES_ID, NAMES_LABEL, Column

NOT_TEXT = "null|true|false|nan|inf"
PLAIN = re.compile(
    rf"(?:\.{{0,2}}/)?(?!(?:{NOT_TEXT})$)[A-Za-z_][A-Za-z0-9_./-]*", re.IGNORECASE | re.ASCII
)
MANY = 20  # columns to drop; more are not listed in a command
LINE = 90  # characters


def command(path: Path, format: Format, columns: Sequence[Column]) -> str:
    """Return the command that trains on a table, in lines that a shell joins."""
    lines = ["aeexp"]
    for override in ("dataset=table", *_overrides(path, format, columns)):
        quoted_override = shlex.quote(override)
        if quoted_override != override and not set('"$`\\!') & set(override):
            quoted_override = f'"{override}"'  # easier to read than '"'"'
        if len(lines[-1]) + len(quoted_override) > LINE:
            lines.append("   ")
        lines[-1] += f" {quoted_override}"
    return " \\\n".join(lines)


def _overrides(path: Path, format: Format, columns: Sequence[Column]) -> Iterator[str]:
    yield f"dataset.path={quoted(str(path))}"
    for key in (f.name for f in fields(Format)):
        if (value := getattr(format, key)) is not None:
            text = str(value).lower() if isinstance(value, bool) else quoted(value)
            yield f"dataset.{key}={text}"
    columns = [column for column in columns if not column.index]  # an index needs no override
    printable = [column for column in columns if column.name.isprintable()]
    label = _preferred([c for c in printable if c.is_label], NAMES_LABEL)
    ids = [c for c in printable if c.is_id and c is not label]
    row_id = _preferred(ids, NAMES_ID)
    if label:
        yield f"dataset.label={quoted(label.name)}"
    if row_id:
        yield f"dataset.id={quoted(row_id.name)}"
    features = [c for c in columns if c is not label and c is not row_id]
    dropped = [
        c for c in features if c.is_id or not c.distinct or (c.is_text and not c.is_category)
    ]
    categories = [c for c in features if c.is_text and c.is_category]
    too_many = len(dropped) > MANY
    listed = [c for c in dropped if not (too_many and c.is_text) and c.name.isprintable()]
    if listed:
        yield f"dataset.drop=[{','.join(quoted(c.name) for c in listed)}]"
    if any(c.missing for c in features if not c.is_text and c not in dropped):
        yield "dataset.missing=median"
    if too_many or categories:
        yield f"dataset.categorical={'drop' if too_many else 'onehot'}"


def _preferred(columns: Sequence[Column], names: re.Pattern[str]) -> Column | None:
    """Return the first column with a matching name, or else the first column."""
    matching = [column for column in columns if names.fullmatch(column.name)]
    return next(iter([*matching, *columns]), None)


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
