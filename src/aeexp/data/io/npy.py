"""NumPy files of one matrix."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aeexp.data.io.arrow import ROWS, scan
from aeexp.data.io.names import listed, numbered
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError
from aeexp.text import counted


def open_array(file: TableFile) -> TableSource:
    """Scan a NumPy file of one matrix; an archive may also hold the names of its columns.

    Raises:
        UserError: It has pickled objects, no matrix or several, or a wrong number of names.
    """
    try:
        x, names = _matrix(file.path)
    except ValueError as error:
        # NumPy's message recommends unpickling, which runs code of the file's author
        reason = "it holds Python objects" if "pickle" in str(error) else str(error)
        raise UserError(
            f"no array can be read from it ({reason.rstrip('.')}). Save numbers with numpy.save"
            " or numpy.savez."
        ) from error
    if x.ndim != 2 or x.dtype.kind not in "fiubU":
        raise UserError(
            f"the array must be a matrix of numbers, rows × columns, got"
            f" {counted(x.ndim, 'dimension')} of {x.dtype}."
        )
    if names is not None and len(names) != x.shape[1]:
        raise UserError(
            f"the array 'features' must have a name for each of the"
            f" {counted(x.shape[1], 'column')}, got {counted(len(names), 'name')}."
        )
    columns = names or numbered(x.shape[1])

    def chunks() -> Iterator[pa.RecordBatch]:
        for row in range(0, len(x), ROWS):
            arrays = [_column(x[row : row + ROWS, index]) for index in range(x.shape[1])]
            yield pa.RecordBatch.from_arrays(arrays, names=columns)

    types = [_column(x[:0, index]).type for index in range(x.shape[1])]
    notes = [] if names else [f"columns named x1 to x{x.shape[1]}"]
    schema = pa.schema(list(zip(columns, types, strict=True)))
    return scan(file.kind, schema, chunks, notes)


def _matrix(path: Path) -> tuple[Any, list[str] | None]:
    """Return the matrix and, if the file has them, the names of its columns; never unpickle."""
    if path.suffix.lower() == ".npy":
        return np.lib.format.open_memmap(path, mode="r"), None
    if not zipfile.is_zipfile(path):
        raise UserError("it is not a zip archive")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        names = [str(n) for n in archive["features"].ravel()] if "features" in archive else None
        matrices = [key for key in archive.files if key != "features"]
        if "x" in matrices or len(matrices) == 1:
            return archive["x" if "x" in matrices else matrices[0]], names
    raise UserError(f"it holds the arrays {listed(matrices)}; name the table 'x'")


def _column(values: Any) -> pa.Array:
    """Return a column in the machine's byte order and in a type that Arrow supports."""
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return pa.array(values.astype("f4" if values.dtype.itemsize == 2 else "f8"))
    return pa.array(values.astype(values.dtype.newbyteorder("=")))
