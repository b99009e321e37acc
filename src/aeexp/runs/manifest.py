"""model/manifest.json: what a model's other files must be, written when all of them are there."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from aeexp.runs.arrays import layouts

SCHEMA = 2
"""Of run directories. 1 had no manifest."""


def manifest(
    files: Mapping[str, bytes], arrays: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the manifest of files by name; arrays: those in each archive, by name.

    It tells damage and mix-ups, not forgery: whoever changes a file can change it, too.
    """
    return {
        "schema": SCHEMA,
        "files": {
            name: {"sha256": digest(content), "bytes": len(content)}
            for name, content in files.items()
        },
        "arrays": {
            name: {array: layout.described for array, layout in layouts(arrays[name]).items()}
            for name in files
            if name in arrays
        },
    }


def digest(content: bytes) -> str:
    """Return the checksum of a file."""
    return sha256(content).hexdigest()
