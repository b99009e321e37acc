"""Files in directories that somebody else may have made: written whole, and through no link.

Every file that aeexp writes goes through `replacing` or `append`, and every directory of a run or
sweep that it reads passes `refuse_links` first. Archives and copies keep symbolic links, so a
directory from somebody else may hold one that points to a file of the reader's.
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
"""Numbers the files that this process writes."""
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
FILE_MODE, FOLDER_MODE = 0o664, 0o775
"""Permissions before the user's umask: a file is never writable by everybody."""
TEMPORARY = ".aeexp-"


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a whole file; return its path.

    Raises:
        OSError: It cannot be written; the message has the path and the bytes needed. A file that
            was there before is unchanged.
    """
    with replacing(path, len(content)) as file:
        file.write(content)
    return path


@contextmanager
def replacing(path: Path, total: int | None = None) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of `path`, in one step, when the block ends.

    Until then it is hidden beside `path`, under a name that cannot be foreseen; if the block
    raises, it is removed. total: bytes that will be written, where that is known.

    Raises:
        OSError: It cannot be written; see `write_bytes`.
    """
    temporary = path.with_name(f"{_owner(os.getpid())}-{secrets.token_hex(8)}")
    with _named(path, total or 0):
        raw = _NewFile(temporary, path, total)
    try:
        with io.BufferedWriter(raw) as file:
            yield file
            file.flush()
            with _named(path, raw.tell()):
                os.fsync(raw.fileno())
        _crash_where_told()
        with _named(path, total or 0):
            temporary.replace(path)
    finally:
        raw.close()
        temporary.unlink(missing_ok=True)


def subfolder(folder: Path, name: str) -> Path:
    """Return a directory within another, which is made unless it is there.

    Raises:
        OSError: It cannot be made: the other has gone, say.
    """
    path = folder / name
    with _named(path / "…", 0):
        path.mkdir(FOLDER_MODE, exist_ok=True)
    return path


def append(path: Path, text: str) -> None:
    """Append lines to a file and wait until they are on disk; leave a torn last line behind.

    Raises:
        OSError: It cannot be written, or is a link.
    """
    with _named(path, len(text)):
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | NO_LINK
        with os.fdopen(os.open(path, flags, FILE_MODE), "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                text = text if file.read(1) == b"\n" else f"\n{text}"
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def refuse_links(folder: Path) -> None:
    """Refuse a directory that holds, at any depth, anything but plain files and directories.

    Raises:
        UserError: It does; the message names the first such thing.
    """
    folders = [folder]
    while folders:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    kind = "a symbolic link" if entry.is_symlink() else "no plain file"
                    message = (
                        f"{entry.path} is {kind}, which no run or sweep leaves behind: remove it,"
                        " or copy the directory with the files themselves (cp -rL), if you trust"
                        " who made it."
                    )
                    raise UserError(message)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that killed processes of this machine left below a directory."""
    mine = _owner("*").replace("*", "")
    for path in folder.rglob(f"{mine}*-*"):
        pid = path.name.removeprefix(mine).partition("-")[0]
        with suppress(OSError):
            if pid.isdecimal() and not _writes(int(pid), path.lstat()):
                path.unlink()


def _writes(pid: int, file: os.stat_result) -> bool:
    """Return whether the process that began a temporary file may still be writing it."""
    try:  # a process that started after the last write only has the same number
        return psutil.Process(pid).create_time() <= file.st_mtime
    except psutil.Error:
        return False


def _owner(process: int | str) -> str:
    """Return the start of the names of a process's temporary files: machine, then process."""
    return f"{TEMPORARY}{sha256(gethostname().encode()).hexdigest()[:8]}-{process}"


class _NewFile(io.FileIO):
    """A file that did not exist; its errors name the file that it is to become."""

    def __init__(self, temporary: Path, path: Path, total: int | None) -> None:
        self.path, self.total = path, total
        super().__init__(temporary, "wb", opener=_create)

    def write(self, data: Any, /) -> int:
        with _named(self.path, self.total or self.tell() + len(data)):
            return super().write(data)


def _create(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, FILE_MODE)


@contextmanager
def _named(path: Path, size: int) -> Iterator[None]:
    """Add to an error which file could not be written, its bytes, and what to do."""
    try:
        yield
    except OSError as error:
        message = (
            f"{path} cannot be written ({error.strerror}): it takes {size:,} bytes."
            " Make room, or choose another place."
        )
        if not path.parent.exists():
            message = f"{path} cannot be written: its directory has gone. Was it removed?"
        raise OSError(message) from error


def _crash_where_told() -> None:
    """End this process as a loss of power would, at the file whose number is in AEEXP_CRASH_AT.

    So a test can end a run between any two files.
    """
    if str(next(FILES)) == os.environ.get("AEEXP_CRASH_AT"):
        os._exit(9)
