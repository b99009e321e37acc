"""Read JSON files of a run directory, which may come from somebody else."""

import json
from pathlib import Path
from typing import Any

import msgspec

from aeexp.errors import UserError

MOST_BYTES = 2**25
"""Limit of a file: names, offsets and scales of half a million features fit."""
MOST_LEVELS = 16


def read_bytes(path: Path, most: int) -> bytes:
    """Return the content of a file of at most `most` bytes.

    Raises:
        UserError: It is missing or larger.
    """
    if not path.is_file():
        raise UserError("is missing")
    if (size := path.stat().st_size) > most:
        raise UserError(f"is larger than {most:,} bytes")
    with path.open("rb") as file:
        return file.read(size)  # no more, as the file may grow


class BrokenFileError(UserError):
    """A file has another content than aeexp writes. reason: the fault and its place."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason, field=str(path))
        self.path, self.reason = path, reason


def load(path: Path, kind: Any) -> Any:
    """Return the content of a JSON file, checked against a schema of `schemas`.

    Raises:
        BrokenFileError: It does not match the schema.
    """
    try:
        return checked(parse(read_bytes(path, MOST_BYTES)), kind)
    except (OSError, UserError) as error:
        raise BrokenFileError(path, str(error)) from error


def checked(content: Any, kind: Any) -> Any:
    """Return decoded JSON unchanged, checked against a schema; see `converted`."""
    converted(content, kind)
    return content


def converted(content: Any, kind: Any) -> Any:
    """Return decoded JSON as an instance of a schema.

    Raises:
        UserError: It does not match; the message names the field, not the file.
    """
    try:
        return msgspec.convert(content, kind)
    except (msgspec.ValidationError, UnicodeError, RecursionError, OverflowError) as error:
        reason, _, place = str(error).partition(" - at `$")
        field = place.removesuffix("`").lstrip(".")
        at = f" at {field}" if field else ""
        raise UserError(
            f"is not what aeexp writes{at}: {reason[:1].lower()}{reason[1:]}"
        ) from error


def parse(content: bytes) -> dict[str, Any]:
    """Return the object in a JSON document.

    Raises:
        UserError: It is not a JSON (RFC 8259) object, has a duplicate key, or is nested too deep.
    """
    try:
        document = json.loads(content, parse_constant=_reject_constant, object_pairs_hook=_unique)
    except RecursionError:
        document = None
    except ValueError as error:
        raise UserError(f"is not JSON ({error})") from error
    if not isinstance(document, dict) or not _shallow(document, MOST_LEVELS):
        raise UserError(f"is not an object of at most {MOST_LEVELS} levels")
    return document


def _reject_constant(name: str) -> None:
    raise UserError(f"{name} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise UserError("a key is there twice")
    return document


def _shallow(node: Any, levels: int) -> bool:
    children = node.values() if isinstance(node, dict) else node
    nested = (child for child in children if isinstance(child, dict | list))
    return levels > 0 and all(_shallow(child, levels - 1) for child in nested)
