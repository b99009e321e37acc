"""The directory outputs/: its runs and sweeps, how to find one, and the link to the latest.

Imports the standard library only, so that `aeexp list` answers at once.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from aeexp.errors import UserError
from aeexp.text import few

OUTPUTS = Path("outputs")
"""Where runs are written unless the user chooses another directory."""
LATEST = "latest"
"""The name of a link in it to the run or sweep that ended last."""
RECORD, LEDGER = "run.json", "sweep.jsonl"
"""The files of every run and of every sweep."""
DEPTH = 4  # of directories in which runs are searched for


def directories(root: Path) -> list[Path]:
    """Return the runs and sweeps below a directory, the last written first.

    The runs of a sweep are not returned, and links are not followed.
    """
    return sorted(_directories(root), key=_written, reverse=True)


def _directories(root: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(root):
        if {RECORD, LEDGER} & {*names}:
            subfolders.clear()
            yield Path(folder)
        elif len(Path(folder).relative_to(root).parts) == DEPTH:
            subfolders.clear()


def _written(folder: Path) -> float:
    return (folder / (LEDGER if is_sweep(folder) else RECORD)).stat().st_mtime


def is_sweep(folder: Path) -> bool:
    """Return whether a directory is that of a sweep."""
    return (folder / LEDGER).is_file()


def find(name: str, root: Path = OUTPUTS) -> Path:
    """Return the directory of a run or sweep.

    name: its path; or `latest`; or how its path below `root` starts or ends, or its last part
    starts, such as 17-44 for outputs/2026-11-24/17-44-05-123456.

    Raises:
        UserError: There is none, or there are several.
    """
    path = Path(name).expanduser()
    if path.exists():
        return path
    if name == LATEST and (root / LATEST).is_dir():
        return (root / LATEST).resolve()
    every = directories(root)
    matching = every[:1] if name == LATEST else [path for path in every if _has(path, root, name)]
    if not matching:
        raise UserError(
            f"{name} is not the directory of a run or sweep, nor the start or end of one below"
            f" {root}/: aeexp list shows them."
        )
    if len(matching) > 1:
        raise UserError(f"{name} may be {few([*map(str, matching)], separator=' or ')}.")
    return matching[0]


def _has(path: Path, root: Path, part: str) -> bool:
    below = path.relative_to(root).as_posix()
    return below.startswith(part) or below.endswith(part) or path.name.startswith(part)


def link_latest(folder: Path) -> None:
    """Let outputs/latest link to the directory of a run or sweep, if that is below outputs/.

    A file or directory of this name is not replaced, and nothing happens where links are not
    possible.
    """
    root, folder = OUTPUTS.resolve(), folder.resolve()
    link = root / LATEST
    if not folder.is_relative_to(root) or (link.exists() and not link.is_symlink()):
        return
    new = root / f".{LATEST}-{secrets.token_hex(4)}"
    with suppress(OSError, NotImplementedError):
        new.symlink_to(folder.relative_to(root), target_is_directory=True)
        try:
            new.replace(link)
        finally:
            new.unlink(missing_ok=True)
