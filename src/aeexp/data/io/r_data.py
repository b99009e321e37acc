"""Files of R, read by rdata: a data frame or a matrix."""

import bz2
import gzip
import lzma
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import rdata

from aeexp.data.io.arrays import choose
from aeexp.data.io.frames import frames_table
from aeexp.data.io.matrix import Matrix, array_blocks, matrix_table, vector
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.memory import in_units
from aeexp.errors import UserError

COMPRESSIONS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
MEMORY = 3  # times the unpacked size: bytes, R objects, columns
ROW_NAMES = "rownames"


def open_r(file: TableFile) -> TableSource:
    """Scan a data frame or a matrix that R saved; its row names are the index.

    Raises:
        UserError: It has no table, or several and no dataset.key.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about classes of R that rdata has no type for
        extension = ".rds" if file.kind == "rds" else ".rda"
        parsed = rdata.parser.parse_data(_unpacked(file), extension=extension)
        content = rdata.conversion.convert(parsed)
    tables = dict(_tables(content, "table" if file.kind == "rds" else ""))
    key = choose({name: table.shape for name, table in tables.items()}, file.format.key)
    table = tables[key]
    if not isinstance(table, pd.DataFrame):
        return _matrix(file.kind, table)
    if not pd.api.types.is_integer_dtype(table.index):  # R numbers rows without names
        table = table.rename_axis(ROW_NAMES).reset_index()
    return frames_table(file.kind, lambda: iter([table]), [f"data frame '{key}'"])


def _unpacked(file: TableFile) -> bytes:
    with file.path.open("rb") as stream:
        start = stream.read(5)
    unpack: Callable[..., Any] = next(
        (unpack for magic, unpack in COMPRESSIONS.items() if start.startswith(magic)), open
    )
    most = int(file.most_bytes / MEMORY)
    with unpack(file.path, "rb") as stream:
        content: bytes = stream.read(most + 1)
    if len(content) > most:
        raise UserError(
            f"it unpacks to more than {in_units(most)}. Save fewer rows or columns, or raise"
            " dataset.max_bytes."
        )
    return content


def _tables(content: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each data frame and matrix in lists of R, with its path."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _tables(value, f"{name}.{key}" if name else str(key))
    elif isinstance(content, pd.DataFrame) or getattr(content, "ndim", 0) == 2:
        yield name, content


def _matrix(kind: str, x: Any) -> TableSource:
    """Return a matrix, which is an array of xarray if R named its rows or columns."""
    dimensions = getattr(x, "dims", ())
    rows, columns = (
        np.asarray(x.coords[name]).astype(str) if name in getattr(x, "coords", ()) else None
        for name in (*dimensions, "", "")[:2]
    )
    beside = {} if rows is None else {ROW_NAMES: vector(rows)}
    names = None if columns is None else columns.tolist()
    array = np.asarray(x)
    index = ROW_NAMES if beside else None
    matrix = Matrix(array.shape, array.dtype, array_blocks(array), names, beside, index)
    return matrix_table(kind, matrix)
