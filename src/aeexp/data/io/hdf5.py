"""Safe access to HDF5 files: nothing outside the file is read, and nothing is unpickled."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa

from aeexp.data.io.names import shown
from aeexp.data.memory import in_units
from aeexp.errors import UserError


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file to read it."""
    with h5py.File(path, "r", locking="best-effort") as file:
        yield file


def find(group: Any, path: str) -> Any:
    """Return the group or array at a path below a group, or None if there is none.

    Raises:
        UserError: A part of the path is a link, which may lead to another file.
    """
    item = group
    for name in path.strip("/").split("/"):
        link = item.get(name, getlink=True) if isinstance(item, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            target = shown(f"{getattr(link, 'filename', '')}{link.path}")
            raise UserError(
                f"'{shown(path)}' is a link to {target}. Links are not followed, because they may"
                " lead to other files."
            )
        item = item[name]
    return item


def check_array(array: Any, most_bytes: float) -> None:
    """Check that the cells of an array are in the file, and that its chunks are small.

    Raises:
        UserError: They are in other files, or reading one cell unpacks more than `most_bytes`.
    """
    if array.is_virtual or array.external is not None:
        raise UserError(
            f"the cells of '{shown(array.name)}' are in other files. Copy them into it."
        )
    if array.chunks and (size := math.prod(array.chunks) * array.dtype.itemsize) > most_bytes:
        raise UserError(
            f"'{shown(array.name)}' has chunks of {in_units(size)}, more than"
            f" {in_units(most_bytes)}. Save it with smaller chunks, or raise dataset.max_bytes."
        )


def values(array: Any, most_bytes: float) -> Any:
    """Return a one-dimensional array of numbers or text as an Arrow array.

    Raises:
        UserError: As `check_array`, or it is neither, or exceeds `most_bytes`.
    """
    if not isinstance(array, h5py.Dataset) or array.ndim != 1:
        raise UserError(f"'{shown(array.name)}' must be an array of one dimension.")
    check_array(array, most_bytes)
    if array.size * array.dtype.itemsize > most_bytes:
        raise UserError(f"'{shown(array.name)}' exceeds {in_units(most_bytes)}.")
    if h5py.check_string_dtype(array.dtype) is not None:
        return pa.array(array.asstr(errors="replace")[:].tolist(), pa.string())
    if array.dtype.kind not in "fiub":
        raise UserError(f"'{shown(array.name)}' has {array.dtype}, neither numbers nor text.")
    cells = array[:]
    return pa.array(cells.astype("f4") if cells.dtype == np.float16 else cells)
