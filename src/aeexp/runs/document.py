"""A JSON file of a run, read as a stranger's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 2**25
"""Of a document: the names, offsets and scales of half a million features."""
MOST_LEVELS = 16


def read_bytes(path: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes.

    Raises:
        ValueError: It is missing or larger.
    """
    if not path.is_file():
        message = "is missing"
        raise ValueError(message)
    if (size := path.stat().st_size) > most:
        message = f"is larger than {most:,} bytes"
        raise ValueError(message)
    with path.open("rb") as file:
        return file.read(size)  # it may be growing


def parse(content: bytes) -> dict[str, Any]:
    """Return the object that a document holds.

    Raises:
        ValueError: It is no JSON (RFC 8259) object, says a key twice, or is nested too deep.
    """
    try:
        document = json.loads(content, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        document = None
    except ValueError as error:
        message = f"is not JSON ({error})"
        raise ValueError(message) from error
    if not isinstance(document, dict) or not _shallow(document, MOST_LEVELS):
        message = f"is not an object of at most {MOST_LEVELS} levels"
        raise ValueError(message)
    return document


def _refuse(word: str) -> None:
    message = f"{word} is no number"
    raise ValueError(message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        message = "a key is there twice"
        raise ValueError(message)
    return document


def _shallow(node: Any, levels: int) -> bool:
    return levels > 0 and all(_shallow(child, levels - 1) for child in _nested(node))


def _nested(node: Any) -> Iterator[Any]:
    children = node.values() if isinstance(node, dict) else node
    return (child for child in children if isinstance(child, dict | list))
