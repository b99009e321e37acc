"""A directory of its own for every run."""

from itertools import count
from pathlib import Path


def claim(wanted: Path) -> Path:
    """Make and return a directory that no other run has: the one wanted, or with a suffix.

    Raises:
        OSError: It cannot be made.
    """
    wanted.parent.mkdir(parents=True, exist_ok=True)
    for attempt in count(1):
        path = wanted if attempt == 1 else wanted.with_name(f"{wanted.name}-{attempt}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError
