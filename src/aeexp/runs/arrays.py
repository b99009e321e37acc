"""Read and write arrays in NumPy's npz format, a ZIP archive of .npy members (NEP 1).

A file may come from somebody else. It is therefore read without `numpy.load`: nothing is
unpickled, and nothing larger than the manifest declares is unpacked.
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
"""Most bytes of a member in addition to its values: headers and its name, three times."""
NAME = re.compile(r"(?!\.+(/|$))[\w.-]+(/(?!\.+(/|$))[\w.-]+)*", re.ASCII)
DTYPE = re.compile(r"[<>|](?:b1|[iu][1248]|f[248]|U\d{1,4})")
"""Types of booleans, numbers and text; objects would be pickled."""
MAGIC = b"\x93NUMPY\x01\x00"
HEADER = re.compile(
    rb"\{'descr': '([^']+)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\), \} *\n"
)
"""Header that NumPy writes for an array without fields."""
ENTRY, BY_CHANCE = b"PK\x01\x02", 8
"""Start of a member's entry in the archive's directory, and most occurrences of it elsewhere."""


@dataclass(frozen=True)
class Layout:
    """Shape and type of an array. dtype: in NumPy's notation, such as <f4."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def bytes(self) -> int:
        """Return the size of the values in bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def entry(self) -> dict[str, Any]:
        """Return the entry in the manifest."""
        return {"shape": list(self.shape), "dtype": self.dtype}


def layouts(arrays: Mapping[str, Any]) -> dict[str, Layout]:
    """Return the layouts of arrays by name."""
    converted = {name: np.asarray(array) for name, array in arrays.items()}
    return {name: Layout(array.shape, array.dtype.str) for name, array in converted.items()}


def layout(entry: object) -> Layout:
    """Return the layout of an array from its entry in the manifest.

    Raises:
        UserError: The entry is not valid.
    """
    match entry:
        case {"shape": list(shape), "dtype": str(dtype)}:
            valid = len(shape) <= MOST_AXES and all(type(n) is int and n >= 0 for n in shape)
            if valid and DTYPE.fullmatch(dtype):
                return Layout(tuple(shape), dtype)
    raise UserError(f"declares an array that is {entry!s:.80}")


def pack(arrays: Mapping[str, Any]) -> bytes:
    """Return the content of a file with arrays by name."""
    assert all(map(NAME.fullmatch, arrays)), f"names of arrays must be paths, got {list(arrays)}"
    dtypes = {layout.dtype for layout in layouts(arrays).values()}
    assert all(map(DTYPE.fullmatch, dtypes)), f"arrays must be numbers or text, got {dtypes}"
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def most_bytes(expected: Mapping[str, Layout]) -> int:
    """Return the largest possible size of a file with these arrays.

    Raises:
        UserError: They would take too much memory, or a name is not valid.
    """
    for name in expected:
        if not NAME.fullmatch(name):
            raise UserError(f"declares an array under the name {name!r:.80}")
    total = sum(layout.bytes for layout in expected.values())
    if total > MOST_BYTES:
        raise UserError(f"declares arrays of {total:,} bytes, more than {MOST_BYTES:,}")
    return total + OVERHEAD * (1 + len(expected))


def unpack(content: bytes, expected: Mapping[str, Layout]) -> dict[str, Array]:
    """Return the arrays of a file by name.

    Raises:
        UserError: The file does not contain exactly the expected arrays.
    """
    if content.count(ENTRY) > len(expected) + BY_CHANCE:
        raise UserError("has more members than it should")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _members(archive, expected)
            return {name: _array(archive, members[name], expected[name]) for name in expected}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise UserError(f"cannot be unpacked ({error})") from error


def _members(
    archive: zipfile.ZipFile, expected: Mapping[str, Layout]
) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    names = sorted(member.filename for member in members)
    if names != sorted(f"{name}.npy" for name in expected):
        raise UserError(
            f"holds {', '.join(names)!r:.200} instead of {', '.join(sorted(expected)):.200}"
        )
    for member in members:
        if member.flag_bits & 1 or member.compress_type not in {
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        }:
            raise UserError(f"has {member.filename} in a compression that is not supported")
    return {member.filename.removesuffix(".npy"): member for member in members}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, expected: Layout) -> Array:
    with archive.open(member) as file:
        layout, by_column = _header(file)
        if layout != expected:
            raise UserError(f"has {member.filename} of {layout!s:.200}, not {expected}")
        values = file.read(expected.bytes + 1)
    if len(values) != expected.bytes:
        raise UserError(f"has {member.filename} with other than {expected.bytes:,} bytes")
    shape = expected.shape[::-1] if by_column else expected.shape
    array = np.ndarray(shape, expected.dtype, values)
    return array.T if by_column else array


def _header(file: IO[bytes]) -> tuple[Layout, bool]:
    """Return the layout in a member's header, and whether it is in Fortran order.

    NumPy's own reader accepts headers of gigabytes and passes them to Python's parser.
    """
    start, length = file.read(len(MAGIC)), int.from_bytes(file.read(2), "little")
    header = HEADER.fullmatch(file.read(length))
    if start != MAGIC or not header:
        raise UserError(f"has a header in {file.name} that is not valid")
    dtype, by_column, shape = header.groups()
    axes = tuple(int(axis) for axis in shape.split(b",") if axis.strip())
    return Layout(axes, dtype.decode("ascii")), by_column == b"True"
