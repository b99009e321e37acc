"""The command that runs a table: what has to be said of it, quoted for a shell and for Hydra."""

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
MANY = 20  # names that one would not want to read in a command


def command(path: Path, format: Format, columns: Sequence[Column]) -> str:
    """Return the words that train on a table, one line or several of a shell."""
    words = ["aeexp", "dataset=table", *map(_shell, _words(path, format, columns))]
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > 90:
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return " \\\n".join(lines)


def _shell(word: str) -> str:
    """Quote a word for a shell, in the way that is easier to read where there is one."""
    plain = shlex.quote(word) == word
    return word if plain else f'"{word}"' if not set('"$`\\!') & set(word) else shlex.quote(word)


def _words(path: Path, format: Format, columns: Sequence[Column]) -> Iterator[str]:
    yield f"dataset.path={quoted(str(path))}"
    for key in (f.name for f in fields(Format)):
        if (value := getattr(format, key)) is not None:
            said = str(value).lower() if isinstance(value, bool) else quoted(value)
            yield f"dataset.{key}={said}"
    columns = [column for column in columns if not column.index]  # which names rows by itself
    sayable = [column for column in columns if column.name.isprintable()]
    label = _preferred([c for c in sayable if c.is_label], NAMES_LABEL)
    others = [c for c in sayable if c is not label]
    name = _preferred([c for c in others if c.is_id], NAMES_ID)
    if label:
        yield f"dataset.label={quoted(label.name)}"
    if name:
        yield f"dataset.id={quoted(name.name)}"
    yield from _features([c for c in columns if c is not label and c is not name])


def _features(columns: Sequence[Column]) -> Iterator[str]:
    """Yield what is to be done with the columns that are neither label nor id."""
    dropped = [c for c in columns if c.is_id or (c.is_text and not c.is_category)]
    categories = [c for c in columns if c.is_text and c.is_category]
    several = len(dropped) > MANY
    listed = [c for c in dropped if not (several and c.is_text) and c.name.isprintable()]
    if listed:
        yield f"dataset.drop=[{','.join(quoted(c.name) for c in listed)}]"
    if any(c.missing for c in columns if not c.is_text and c not in dropped):
        yield "dataset.missing=median"
    if several or categories:
        yield f"dataset.categorical={'drop' if several else 'onehot'}"


def _preferred(columns: Sequence[Column], names: re.Pattern[str]) -> Column | None:
    """Return the column that is called what it seems to be, else the first."""
    called = [column for column in columns if names.fullmatch(column.name)]
    return next(iter([*called, *columns]), None)


def quoted(text: str) -> str:
    """Return a text as a value of Hydra's overrides, which reads it as nothing else."""
    if PLAIN.fullmatch(text):
        return text
    escaped = re.sub(
        r"(\\*)\$\{", r"\1\1\\${", text
    )  # what begins an interpolation, and before it
    return "'" + re.sub(r"(\\*)('|\Z)", _escape, escaped) + "'"


def _escape(found: re.Match[str]) -> str:
    """Double the backslashes before a quote, where alone Hydra reads them as escapes."""
    return found[1] * 2 + ("\\'" if found[2] else "")
