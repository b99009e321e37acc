"""AnnData files, as single-cell analyses write them.

The layout is documented at https://anndata.readthedocs.io/en/stable/fileformat-prose.html:
the matrix X or a layer, dense or sparse, and the data frames obs (of rows) and var (of columns).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
from scipy import sparse

from aeexp.data.io.hdf5 import check_array, find, opened, values
from aeexp.data.io.matrix import Matrix, array_blocks, matrix_table
from aeexp.data.io.names import listed, shown
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.memory import in_units
from aeexp.errors import UserError

RAW = "raw"  # the layer of an AnnData object before columns were selected
INDEX = "obs_names"


def open_h5ad(file: TableFile) -> TableSource:
    """Scan an AnnData file: X or a layer, and obs as columns that describe the rows.

    Raises:
        UserError: It has no such layer, or does not have the documented layout.
    """
    most = file.most_bytes
    with opened(file.path) as root:
        layers = _layers(root)
        layer = file.format.layer or "X"
        if layer not in layers:
            raise UserError(
                f"dataset.layer={layer} does not exist; the layers are {listed(layers)}."
            )
        var = find(root, "raw/var" if layer == RAW else "var")
        names = values(_index(var, "var"), most).to_pylist()
        obs = find(root, "obs")
        beside = {INDEX: values(_index(obs, "obs"), most)}
        beside |= {name: _column(obs, name, most) for name in _columns(obs)}
        matrix = open_matrix(file.path, layers[layer], find(root, layers[layer]), most)
    others = [name for name in layers if name != layer]
    notes = [f"layer '{layer}' is read, not {listed(others)} (see dataset.layer)"]
    unset = others and file.format.layer is None
    named = replace(matrix, names=names, beside=beside, index=INDEX)
    return matrix_table(file.kind, named, notes if unset else [])


def _layers(root: Any) -> Mapping[str, str]:
    """Return the path of each matrix by its name."""
    layers = find(root, "layers")
    paths = {"X": "X", **{name: f"layers/{name}" for name in layers or ()}, RAW: "raw/X"}
    return {name: path for name, path in paths.items() if find(root, path) is not None}


# Matrices


def open_matrix(path: Path, place: str, item: Any, most_bytes: float) -> Matrix:
    """Return a matrix of an HDF5 file: an array, or a group with a sparse matrix.

    place: its path in the file. item: the array or group there.

    Raises:
        UserError: It is neither, or its cells are in other files.
    """
    if isinstance(item, h5py.Dataset):
        check_array(item, most_bytes)

        def dense(rows: int) -> Iterator[Any]:
            with opened(path) as root:
                yield from array_blocks(find(root, place))(rows)

        return Matrix(item.shape, item.dtype, dense)
    encoding = _text(item.attrs.get("encoding-type", item.attrs.get("h5sparse_format", "")))
    major = encoding[:3]
    parts = [find(item, name) for name in ("data", "indices", "indptr")]
    if major not in ("csr", "csc") or not all(isinstance(part, h5py.Dataset) for part in parts):
        raise UserError(f"'{place}' is neither an array nor a sparse matrix of AnnData.")
    for part in parts:
        check_array(part, most_bytes)
        if part.dtype.kind not in "fiub":
            raise UserError(f"'{shown(part.name)}' has {part.dtype} instead of numbers.")
    shape = tuple(map(int, item.attrs.get("shape", item.attrs.get("h5sparse_shape", ()))))
    size = sum(part.size * part.dtype.itemsize for part in parts)
    if major == "csc" and 2 * size > most_bytes:
        raise UserError(
            f"'{place}' is sparse by columns: to read it by rows needs {in_units(2 * size)} of"
            " memory. Save it as csr_matrix, or raise dataset.max_bytes."
        )

    def by_rows(rows: int) -> Iterator[Any]:
        with opened(path) as root:
            parts = [find(root, f"{place}/{name}") for name in ("data", "indices", "indptr")]
            if major == "csr":
                yield from _csr_blocks(parts, shape, rows)
            else:
                compressed = sparse.csc_array(tuple(part[:] for part in parts), shape)
                compressed.check_format(full_check=True)
                yield from array_blocks(compressed.tocsr())(rows)

    return Matrix(shape, parts[0].dtype, by_rows)


def _csr_blocks(parts: Sequence[Any], shape: Sequence[int], rows: int) -> Iterator[Any]:
    """Yield blocks of rows of a sparse matrix without reading all of it."""
    data, indices, indptr = parts
    ends = indptr[:]
    if len(ends) != shape[0] + 1:
        raise UserError(f"'{shown(indptr.name)}' does not fit a matrix of {shape[0]:,} rows.")
    for start in range(0, shape[0], rows):
        part = ends[start : start + rows + 1]
        first, last = int(part[0]), int(part[-1])
        size = len(part) - 1, shape[1]
        if not 0 <= last - first <= size[0] * size[1]:
            raise UserError(
                f"'{shown(indptr.name)}' is damaged: rows have more values than cells."
            )
        block = sparse.csr_array((data[first:last], indices[first:last], part - first), size)
        block.check_format(full_check=True)  # an index beyond the columns would crash
        yield block.toarray(order="F")


# Data frames


def _columns(frame: Any) -> list[str]:
    order = frame.attrs.get("column-order", ())
    return [name for name in map(_text, order) if find(frame, name) is not None]


def _index(frame: Any, name: str) -> Any:
    """Return the array with the names of a data frame's rows."""
    path = _text(frame.attrs.get("_index", "")) if isinstance(frame, h5py.Group) else ""
    index = find(frame, path) if path else None
    if index is None:
        raise UserError(
            f"'{name}' is not a data frame of AnnData 0.7 or later. Open the file with anndata,"
            " and write it again."
        )
    return index


def _column(frame: Any, name: str, most_bytes: float) -> Any:
    """Return a column of a data frame as an Arrow array."""
    item = find(frame, name)
    if isinstance(item, h5py.Dataset):
        cells = values(item, most_bytes)
        categories = find(frame, f"__categories/{name}")  # as AnnData 0.7 wrote them
        return cells if categories is None else _categorical(cells, categories, most_bytes)
    if (categories := find(item, "categories")) is not None:
        return _categorical(values(find(item, "codes"), most_bytes), categories, most_bytes)
    cells, mask = (values(find(item, part), most_bytes) for part in ("values", "mask"))
    return pa.array(cells.to_pylist(), cells.type, mask=mask.to_numpy(zero_copy_only=False))


def _categorical(codes: Any, categories: Any, most_bytes: float) -> Any:
    """Return categories by their codes; a code below 0 is missing."""
    numbers = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    indices = pa.array(numbers, mask=numbers < 0)
    return values(categories, most_bytes).take(indices)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
