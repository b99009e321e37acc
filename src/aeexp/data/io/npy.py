"""NumPy files of one matrix."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aeexp.data.io.arrow import ROWS, look_through
from aeexp.data.io.names import listed, numbered
from aeexp.data.io.table_source import Opened
from aeexp.errors import UserError
from aeexp.text import counted


def open_array(path: Path) -> Opened:
    """Look through a NumPy file of one matrix, and perhaps its columns' names.

    Raises:
        UserError: It has pickled objects, no matrix or several, or names that do not fit.
    """
    try:
        x, names = _matrix(path)
    except ValueError as error:
        # NumPy would advise to unpickle, which runs whatever the file's author wants
        reason = "it holds Python objects" if "pickle" in str(error) else str(error)
        message = (
            f"it holds no array that can be read ({reason.rstrip('.')}): save numbers with"
            " numpy.save or numpy.savez."
        )
        raise UserError(message) from error
    if x.ndim != 2 or x.dtype.kind not in "fiubU":
        message = (
            f"its array has {counted(x.ndim, 'dimension')} of {x.dtype}: save numbers in 2, rows ×"
            " columns."
        )
        raise UserError(message)
    if names is not None and len(names) != x.shape[1]:
        message = f"it has {len(names)} features for {x.shape[1]} columns: name each column once."
        raise UserError(message)
    said = numbered(x.shape[1]) if names is None else names

    def chunks() -> Iterator[pa.RecordBatch]:
        for row in range(0, len(x), ROWS):
            columns = [_column(x[row : row + ROWS, index]) for index in range(x.shape[1])]
            yield pa.RecordBatch.from_arrays(columns, names=said)

    types = [_column(x[:0, index]).type for index in range(x.shape[1])]
    notes = [] if names else [f"the columns are called x1 to x{x.shape[1]}"]
    kind = path.suffix[1:].lower()
    return look_through(kind, pa.schema(list(zip(said, types, strict=True))), chunks, notes)


def _matrix(path: Path) -> tuple[Any, list[str] | None]:
    """Return an array, and the names of its columns if the file has them; never unpickle."""
    if path.suffix.lower() == ".npy":
        return np.lib.format.open_memmap(path, mode="r"), None
    if not zipfile.is_zipfile(path):
        message = "it is no archive"
        raise UserError(message)
    with path.open("rb") as file, np.load(file, allow_pickle=False) as loaded:
        names = [str(n) for n in loaded["features"].ravel()] if "features" in loaded else None
        matrices = [key for key in loaded.files if key != "features"]
        if "x" in matrices or len(matrices) == 1:
            return loaded["x" if "x" in matrices else matrices[0]], names
    message = f"it holds the arrays {listed(matrices)}: call the table x."
    raise UserError(message)


def _column(values: Any) -> pa.Array:
    """Return a column of a matrix, in the machine's byte order and a type that Arrow has."""
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return pa.array(values.astype("f4" if values.dtype.itemsize == 2 else "f8"))
    return pa.array(values.astype(values.dtype.newbyteorder("=")))
