"""model/manifest.json: checksums, sizes and array layouts of a model's other files.

It is written last. A reader thus checks an archive's expected content before it opens the archive.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from aeexp.runs.arrays import layouts

SCHEMA = 2
"""Version of the run directory's format. Version 1 had no manifest."""


def manifest(
    files: Mapping[str, bytes], arrays: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the manifest of files by name. arrays: arrays by name, by the archive's name.

    It detects damage and mix-ups, not forgery: the manifest can be forged as well.
    """
    return {
        "schema": SCHEMA,
        "files": {
            name: {"sha256": digest(content), "bytes": len(content)}
            for name, content in files.items()
        },
        "arrays": {
            name: {array: layout.entry for array, layout in layouts(arrays[name]).items()}
            for name in files
            if name in arrays
        },
    }


def digest(content: bytes) -> str:
    """Return the checksum of a file's content."""
    return sha256(content).hexdigest()
