"""Write files whole and through no link, in directories that somebody else may have made.

**A file is written whole or not at all.** `replacing` writes to a new file in the same directory,
flushes it to disk (`fsync`), then renames it to its name, which is atomic. A reader therefore sees
the old file or the complete new one, after a crash, too. The temporary file is created exclusively
(`O_EXCL`) under a random hidden name, so that nobody can place a link there in advance. Its name
has a hash of the host and the process id, so that other processes recognise the leftover of a
killed process and remove it, but not a file that is still being written.

**No link is followed.** Archives and copies keep symbolic links, so a directory from somebody else
may contain one to a file of the reader's. Every directory of a run or sweep passes `refuse_links`
before it is read, and `append` opens with `O_NOFOLLOW`.

Every file that aeexp writes goes through `replacing` or `append`. run.json is written last of all
files of a run: a run with a final run.json is complete.
"""

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from socket import gethostname
from typing import Any, BinaryIO

import psutil

from aeexp.errors import UserError

FILES = count(1)
"""Number of the next file that this process writes."""
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
FILE_MODE, FOLDER_MODE = 0o664, 0o775
"""Permissions, which the user's umask reduces further."""
TEMPORARY = ".aeexp-"


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file and return its path.

    Raises:
        OSError: It cannot be written; the message has the path and the bytes needed. An existing
            file is unchanged.
    """
    with replacing(path, len(content)) as file:
        file.write(content)
    return path


@contextmanager
def replacing(path: Path, total: int | None = None) -> Iterator[BinaryIO]:
    """Open a new file that replaces `path` when the block ends, or is removed if the block raises.

    See the module's docstring. total: bytes that will be written, if known.

    Raises:
        OSError: It cannot be written; see `write_bytes`.
    """
    temporary = path.with_name(f"{_owner(os.getpid())}-{secrets.token_hex(8)}")
    with _explained(path, total or 0):
        raw = _NewFile(temporary, path, total)
    try:
        with io.BufferedWriter(raw) as file:
            yield file
            file.flush()
            with _explained(path, raw.tell()):
                os.fsync(raw.fileno())
        _crash_if_requested()
        with _explained(path, total or 0):
            temporary.replace(path)
    finally:
        raw.close()
        temporary.unlink(missing_ok=True)


def subfolder(folder: Path, name: str) -> Path:
    """Return a subdirectory, which is created unless it exists.

    Raises:
        OSError: It cannot be created, for example because `folder` does not exist.
    """
    path = folder / name
    with _explained(path / "…", 0):
        path.mkdir(FOLDER_MODE, exist_ok=True)
    return path


def append(path: Path, text: str) -> None:
    """Append lines to a file, on a new line if its last one is truncated; wait for the disk.

    Raises:
        OSError: It cannot be written, or is a link.
    """
    with _explained(path, len(text)):
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | NO_LINK
        with os.fdopen(os.open(path, flags, FILE_MODE), "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                text = text if file.read(1) == b"\n" else f"\n{text}"
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def refuse_links(folder: Path) -> None:
    """Check that a directory contains only plain files and directories, at any depth.

    Raises:
        UserError: It contains a link or a special file; the message names the first one.
    """
    folders = [folder]
    while folders:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    kind = "a symbolic link" if entry.is_symlink() else "no plain file"
                    raise UserError(
                        f"{entry.path} is {kind}, which aeexp never creates in a run: remove it,"
                        " or, if you trust the source of the directory, copy it without links"
                        " (cp -rL)."
                    )


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of killed processes of this machine, at any depth."""
    prefix = _owner("")
    for path in folder.rglob(f"{prefix}*-*"):
        pid = path.name.removeprefix(prefix).partition("-")[0]
        with suppress(OSError):
            if pid.isdecimal() and not _writes(int(pid), path.lstat()):
                path.unlink()


def _writes(pid: int, file: os.stat_result) -> bool:
    """Return whether the process that created a temporary file may still be writing it."""
    try:  # a process that started after the last write has reused the id
        return psutil.Process(pid).create_time() <= file.st_mtime
    except psutil.Error:
        return False


def _owner(process: int | str) -> str:
    """Return the start of the names of a process's temporary files: host, then process id."""
    return f"{TEMPORARY}{sha256(gethostname().encode()).hexdigest()[:8]}-{process}"


class _NewFile(io.FileIO):
    """A new file whose errors name `path`, which it will replace."""

    def __init__(self, temporary: Path, path: Path, total: int | None) -> None:
        self.path, self.total = path, total
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK
        super().__init__(temporary, "wb", opener=lambda name, _: os.open(name, flags, FILE_MODE))

    def write(self, data: Any, /) -> int:
        with _explained(self.path, self.total or self.tell() + len(data)):
            return super().write(data)


@contextmanager
def _explained(path: Path, size: int) -> Iterator[None]:
    """Add to an OSError the path, the bytes needed, and the remedy."""
    try:
        yield
    except OSError as error:
        message = (
            f"{path} cannot be written ({error.strerror}): it takes {size:,} bytes."
            " Make room, or choose another place."
        )
        if not path.parent.exists():
            message = f"{path} cannot be written: its directory does not exist. Was it removed?"
        raise OSError(message) from error


def _crash_if_requested() -> None:
    """End this process, as a power failure would, at the file numbered AEEXP_CRASH_AT.

    Tests use this to end a run between any two files.
    """
    if str(next(FILES)) == os.environ.get("AEEXP_CRASH_AT"):
        os._exit(9)
