"""A matrix in a file, with names of its columns and columns beside it, as a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from aeexp.data.io.arrow import plain, reason
from aeexp.data.io.names import distinct, named, numbered, shown
from aeexp.data.io.table_source import TableSource
from aeexp.errors import UserError
from aeexp.text import counted, few

CELLS = 1 << 22  # of a block that is read at a time


@dataclass(frozen=True)
class Matrix:
    """A matrix whose cells stay in the file, (rows, columns).

    blocks: reads the file from its start, and returns blocks of this many rows, (rows, columns);
    the last may have fewer. names: of the columns; None numbers them. beside: Arrow arrays with an
    entry for each row, which describe the rows and are not learnt from. index: the one of them
    that names the rows.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    blocks: Callable[[int], Iterator[Any]]
    names: Sequence[str] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    index: str | None = None


def matrix_table(kind: str, matrix: Matrix, notes: Sequence[str] = ()) -> TableSource:
    """Return a matrix and the columns beside it as a table. kind: the file format.

    Raises:
        UserError: It is not a matrix of numbers, or its names or the columns beside it do not fit.
    """
    rows, columns = _checked(matrix)
    beside, names, notes = matrix.beside, matrix.names, list(notes)
    if names is None:
        names = numbered(columns)
        notes.append(f"columns named x1{f' to x{columns}' if columns > 1 else ''}")
    _check_length("names of columns", len(names), columns, "column")
    for name, values in beside.items():
        _check_length(f"'{name}'", len(values), rows, "row")
    complete, repeated = distinct([*names, *beside])
    if repeated:
        notes.append(f"names that occur several times are numbered: {few(repeated)}")
    labels = named(complete[columns:]) if beside else []
    described = dict(zip(labels, map(plain, beside.values()), strict=True))
    number = _type(matrix.dtype)
    fields = [(name, values.type) for name, values in described.items()]
    schema = pa.schema([*fields, *((name, number) for name in named(complete[:columns]))])

    def chunks() -> Iterator[pa.RecordBatch]:
        start = 0
        for block in matrix.blocks(max(1, CELLS // columns)):
            cells = np.asfortranarray(_native(block))  # Arrow's columns are contiguous
            arrays = [values.slice(start, len(cells)) for values in described.values()]
            arrays += [pa.array(cells[:, column], number) for column in range(columns)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            start += len(cells)

    texts = {
        name: reason(name, values.type, values.drop_null()[:3].to_pylist())
        for name, values in described.items()
        if pa.types.is_string(values.type)
    }
    if pa.types.is_string(number):
        texts |= {name: f"column '{shown(name)}' has text" for name in schema.names[len(labels) :]}
    names_of_rows = tuple(n for n, key in zip(labels, beside, strict=True) if key == matrix.index)
    return TableSource(
        kind,
        rows,
        schema,
        tuple(notes),
        texts,
        chunks,
        names_of_rows,
        annotations=tuple(labels),
    )


def array_blocks(array: Any) -> Callable[[int], Iterator[Any]]:
    """Return the blocks of rows of an array in memory, dense or compressed by rows.

    An array whose columns are contiguous is one block, as its columns need no copy.
    """

    def blocks(rows: int) -> Iterator[Any]:
        if not sparse.issparse(array) and getattr(array, "flags", None) and array.flags.fnc:
            yield array
            return
        for start in range(0, array.shape[0], rows):
            part = array[start : start + rows]
            yield part.toarray(order="F") if sparse.issparse(part) else part

    return blocks


def _checked(matrix: Matrix) -> tuple[int, int]:
    """Return the shape of a matrix.

    Raises:
        UserError: It has other than two dimensions, no columns, or no numbers.
    """
    shape = " × ".join(f"{size:,}" for size in matrix.shape) or "one value"
    if len(matrix.shape) == 3:
        last = matrix.shape[-1]
        raise UserError(
            f"the array has 3 dimensions ({shape}), but a table has 2. If the last are the"
            f" columns, save x.reshape(-1, {last}); if each entry of the first is a row, save"
            " x.reshape(len(x), -1)."
        )
    if len(matrix.shape) != 2 or matrix.dtype.kind not in "fiubU":
        raise UserError(
            f"the array must be a matrix of numbers, rows × columns, got"
            f" {counted(len(matrix.shape), 'dimension')} ({shape}) of {matrix.dtype}."
        )
    rows, columns = matrix.shape
    if not columns:
        raise UserError("the matrix has 0 columns.")
    return rows, columns


def _check_length(what: str, length: int, expected: int, unit: str) -> None:
    if length != expected:
        raise UserError(
            f"{what}: {counted(length, 'entry', 'entries')}, but the matrix has"
            f" {counted(expected, unit)}."
        )


def vector(values: Any) -> Any:
    """Return a one-dimensional array of numbers or text as an Arrow array."""
    return pa.array(_native(values), _type(values.dtype))


def _type(dtype: np.dtype[Any]) -> pa.DataType:
    """Return the type of a table's columns that holds the cells of an array."""
    if dtype.kind == "f":
        return pa.float32() if dtype.itemsize <= 4 else pa.float64()
    return pa.string() if dtype.kind == "U" else pa.int64()


def _native(cells: Any) -> Any:
    """Return cells in the machine's byte order and in a type that Arrow supports.

    Raises:
        UserError: An integer is too large.
    """
    if cells.dtype == np.uint64 and cells.size and cells.max() > np.iinfo(np.int64).max:
        raise UserError("it has an integer above 2^63. Save it as float64.")
    kind = _type(cells.dtype)
    return cells if pa.types.is_string(kind) else np.asarray(cells, kind.to_pandas_dtype())
