"""A directory of its own for every run."""

from itertools import count
from pathlib import Path

from aeexp.runs.files import FOLDER_MODE, remove_leftovers


def claim(wanted: Path) -> Path:
    """Make and return a directory that no other run has: the one wanted, or with a suffix.

    What killed runs beside it left half written is removed.

    Raises:
        OSError: It cannot be made.
    """
    wanted.parent.mkdir(parents=True, exist_ok=True)
    for run in wanted.parent.glob("*/.hydra"):
        remove_leftovers(run.parent)
    for attempt in count(1):
        path = wanted if attempt == 1 else wanted.with_name(f"{wanted.name}-{attempt}")
        try:
            path.mkdir(FOLDER_MODE)
        except FileExistsError:
            continue
        return path
    raise AssertionError


def set_aside(folder: Path) -> None:
    """Give what an unfinished run left in a directory another name, so that it can begin anew.

    Raises:
        OSError: It cannot be renamed.
    """
    if folder.exists():
        remove_leftovers(folder)
        names = (f"{folder.name}-unfinished-{attempt}" for attempt in count(1))
        folder.rename(next(p for p in map(folder.with_name, names) if not p.exists()))
