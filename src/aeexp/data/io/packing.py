"""Compressed files, unpacked while they are read and within a bound."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from aeexp.data.io.names import listed
from aeexp.data.memory import in_units
from aeexp.errors import UserError

Opener = Callable[[], io.BufferedIOBase]


def opener(path: Path, most_bytes: float) -> Opener:
    """Return a function that opens a file, and unpacks it if its ending is that of a compression.

    most_bytes: the limit of the unpacked file; reading beyond it raises a `UserError`.
    """
    unpack = UNPACKERS.get(path.suffix.lower().removeprefix("."))
    if unpack is None:
        return lambda: path.open("rb")
    return lambda: io.BufferedReader(_Bounded(unpack(path), most_bytes))


def content_name(path: Path) -> str:
    """Return the name of a file; for data.zip, the name of the file in it and .zip."""
    is_zip = path.suffix.lower() == ".zip" and not Path(path.stem).suffix
    return f"{zip_member(path).filename}.zip" if is_zip else path.name


def zip_member(path: Path) -> zipfile.ZipInfo:
    """Return the only file in a zip archive.

    Raises:
        UserError: It has none or several.
    """
    with zipfile.ZipFile(path) as archive:
        # macOS adds a folder with attributes of the files
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
    if len(members) != 1:
        names = listed(member.filename for member in members)
        raise UserError(
            f"the archive must have one file, got {names or 'none'}. Unpack it and use one"
            " of them."
        )
    return members[0]


def _open_zip(path: Path) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:
        return archive.open(zip_member(path))  # its file is closed with the member


UNPACKERS: dict[str, Callable[[Path], Any]] = {
    "gz": gzip.open,
    "bz2": bz2.open,
    "xz": lzma.open,
    "zst": lambda path: pa.input_stream(path, compression="zstd"),
    "zip": _open_zip,
}
"""How to open a file for each ending in `formats.PACKINGS`."""


class _Bounded(io.RawIOBase):
    """A stream of unpacked bytes up to a limit."""

    def __init__(self, stream: Any, most_bytes: float) -> None:
        self.stream = stream
        self.most_bytes = most_bytes
        self.done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self.stream.read(len(buffer))
        self.done += len(piece)
        if self.done > self.most_bytes:
            raise UserError(
                f"it unpacks to more than {in_units(self.most_bytes)}. Use fewer rows or columns,"
                " unpack it, or raise dataset.max_bytes."
            )
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self.stream.close()
        super().close()
