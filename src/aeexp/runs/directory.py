"""Create and rename run directories."""

from itertools import count
from pathlib import Path

from aeexp.runs.files import FOLDER_MODE, remove_leftovers


def claim(wanted: Path) -> Path:
    """Create and return a new directory: `wanted`, or with a suffix, `wanted-2`, if it exists.

    Temporary files of killed runs in sibling directories are removed.

    Raises:
        OSError: It cannot be created.
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
    """Rename the directory of an unfinished run, if it exists, so that the run can start again.

    Raises:
        OSError: It cannot be renamed.
    """
    if folder.exists():
        remove_leftovers(folder)
        names = (f"{folder.name}-unfinished-{attempt}" for attempt in count(1))
        folder.rename(next(p for p in map(folder.with_name, names) if not p.exists()))
