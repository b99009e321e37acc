"""A JSON file of a run, read as a stranger's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from aeexp.errors import UserError

MOST_BYTES = 2**25
"""Of a document: the names, offsets and scales of half a million features."""
MOST_LEVELS = 16


def read_bytes(path: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes.

    Raises:
        UserError: It is missing or larger.
    """
    if not path.is_file():
        message = "is missing"
        raise UserError(message)
    if (size := path.stat().st_size) > most:
        message = f"is larger than {most:,} bytes"
        raise UserError(message)
    with path.open("rb") as file:
        return file.read(size)  # it may be growing


class BrokenFileError(UserError):
    """A file that is not what aeexp writes. reason: what is wrong with it, where in it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason, field=str(path))
        self.path, self.reason = path, reason


def load(path: Path, kind: Any) -> Any:
    """Return the content of a JSON file, which must be of a kind of `schemas`.

    Raises:
        BrokenFileError: It is not.
    """
    try:
        return checked(parse(read_bytes(path, MOST_BYTES)), kind)
    except (OSError, UserError) as error:
        raise BrokenFileError(path, str(error)) from error


def checked(content: Any, kind: Any) -> Any:
    """Return what JSON holds if it is of a kind of `schemas`; see `converted`."""
    converted(content, kind)
    return content


def converted(content: Any, kind: Any) -> Any:
    """Return what JSON holds as a kind of `schemas`.

    Raises:
        UserError: It is something else, in words that do not yet name the file, but the field.
    """
    try:
        return msgspec.convert(content, kind)
    except (msgspec.ValidationError, UnicodeError, RecursionError, OverflowError) as error:
        what, _, place = str(error).partition(" - at `$")
        field = place.removesuffix("`").lstrip(".")
        at = f" at {field}" if field else ""
        message = f"is not what aeexp writes{at}: {what[:1].lower()}{what[1:]}"
        raise UserError(message) from error


def parse(content: bytes) -> dict[str, Any]:
    """Return the object that a document holds.

    Raises:
        UserError: It is no JSON (RFC 8259) object, says a key twice, or is nested too deep.
    """
    try:
        document = json.loads(content, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        document = None
    except ValueError as error:
        message = f"is not JSON ({error})"
        raise UserError(message) from error
    if not isinstance(document, dict) or not _shallow(document, MOST_LEVELS):
        message = f"is not an object of at most {MOST_LEVELS} levels"
        raise UserError(message)
    return document


def _refuse(word: str) -> None:
    message = f"{word} is no number"
    raise UserError(message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        message = "a key is there twice"
        raise UserError(message)
    return document


def _shallow(node: Any, levels: int) -> bool:
    return levels > 0 and all(_shallow(child, levels - 1) for child in _nested(node))


def _nested(node: Any) -> Iterator[Any]:
    children = node.values() if isinstance(node, dict) else node
    return (child for child in children if isinstance(child, dict | list))
