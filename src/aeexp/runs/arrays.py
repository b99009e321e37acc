"""Arrays in one file, in NumPy's npz format, which is read as a stranger's: no pickle, no bomb.

The format is a ZIP archive of .npy members (NumPy Enhancement Proposal 1).
"""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from aeexp.config.shapes import MOST_BYTES
from aeexp.errors import UserError

Array = NDArray[Any]

MOST_AXES = 8
OVERHEAD = 4096
"""Bytes that a member may take beside its numbers: its name three times, and headers."""
NAME = re.compile(r"(?!\.+(/|$))[\w.-]+(/(?!\.+(/|$))[\w.-]+)*", re.ASCII)
KIND = re.compile(r"[<>|](?:b1|[iu][1248]|f[248]|U\d{1,4})")
"""Of truth values, numbers and text; objects would be pickled."""
MAGIC = b"\x93NUMPY\x01\x00"
HEADER = re.compile(
    rb"\{'descr': '([^']+)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\), \} *\n"
)
"""As NumPy writes it, of an array without fields."""
ENTRY, BY_CHANCE = b"PK\x01\x02", 8
"""What begins a member's entry in an archive's directory, and how often else it may come up."""


@dataclass(frozen=True)
class Layout:
    """What an array must be. dtype: as NumPy writes it, such as <f4."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def bytes(self) -> int:
        """Return how many bytes its numbers take."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def described(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        return {"shape": list(self.shape), "dtype": self.dtype}


def layouts(arrays: Mapping[str, Any]) -> dict[str, Layout]:
    """Return what arrays are, by name."""
    return {
        name: Layout(array.shape, array.dtype.str)
        for name, array in ((name, np.asarray(each)) for name, each in arrays.items())
    }


def layout(described: object) -> Layout:
    """Return what the manifest says of an array.

    Raises:
        UserError: It says nothing that can be read.
    """
    match described:
        case {"shape": list(shape), "dtype": str(dtype)}:
            whole = len(shape) <= MOST_AXES and all(type(n) is int and n >= 0 for n in shape)
            if whole and KIND.fullmatch(dtype):
                return Layout(tuple(shape), dtype)
    message = f"declares an array that is {described!s:.80}"
    raise UserError(message)


def pack(arrays: Mapping[str, Any]) -> bytes:
    """Return the file that holds arrays by name."""
    assert all(map(NAME.fullmatch, arrays)), f"names of arrays are paths, unlike {list(arrays)}"
    kinds = {each.dtype for each in layouts(arrays).values()}
    assert all(map(KIND.fullmatch, kinds)), f"numbers and text can be kept, unlike {kinds}"
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def most_bytes(expected: Mapping[str, Layout]) -> int:
    """Return how large a file of such arrays can be.

    Raises:
        UserError: They would take too much memory, or have names that are none.
    """
    for name in expected:
        if not NAME.fullmatch(name):
            message = f"declares an array under the name {name!r:.80}"
            raise UserError(message)
    total = sum(each.bytes for each in expected.values())
    if total > MOST_BYTES:
        message = f"declares arrays of {total:,} bytes, more than {MOST_BYTES:,}"
        raise UserError(message)
    return total + OVERHEAD * (1 + len(expected))


def unpack(content: bytes, expected: Mapping[str, Layout]) -> dict[str, Array]:
    """Return the arrays of a file by name, each of which must be as expected.

    Raises:
        UserError: It holds something else.
    """
    if content.count(ENTRY) > len(expected) + BY_CHANCE:
        message = "has more members than it should"
        raise UserError(message)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _members(archive, expected)
            return {name: _array(archive, members[name], expected[name]) for name in expected}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        message = f"cannot be unpacked ({error})"
        raise UserError(message) from error


def _members(
    archive: zipfile.ZipFile, expected: Mapping[str, Layout]
) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    names = sorted(member.filename for member in members)
    if names != sorted(f"{name}.npy" for name in expected):
        message = f"holds {', '.join(names)!r:.200} instead of {', '.join(sorted(expected)):.200}"
        raise UserError(message)
    for member in members:
        if member.flag_bits & 1 or member.compress_type not in {
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        }:
            message = f"has {member.filename} packed in a way that is not read"
            raise UserError(message)
    return {member.filename.removesuffix(".npy"): member for member in members}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, expected: Layout) -> Array:
    with archive.open(member) as file:
        found, by_column = _header(file)
        if found != expected:
            message = f"has {member.filename} of {found!s:.200}, not {expected}"
            raise UserError(message)
        numbers = file.read(expected.bytes + 1)
    if len(numbers) != expected.bytes:
        message = f"has {member.filename} with other than {expected.bytes:,} bytes"
        raise UserError(message)
    shape = expected.shape[::-1] if by_column else expected.shape
    array = np.ndarray(shape, expected.dtype, numbers)
    return array.T if by_column else array


def _header(file: IO[bytes]) -> tuple[Layout, bool]:
    """Return what a member says that its array is, and whether its columns come one by one.

    NumPy's own reader takes headers of gigabytes, and hands them to Python's parser.
    """
    start, length = file.read(len(MAGIC)), int.from_bytes(file.read(2), "little")
    header = HEADER.fullmatch(file.read(length))
    if start != MAGIC or not header:
        message = f"has a header in {file.name} that is not read"
        raise UserError(message)
    dtype, by_column, shape = header.groups()
    axes = tuple(int(axis) for axis in shape.split(b",") if axis.strip())
    return Layout(axes, dtype.decode("ascii")), by_column == b"True"
