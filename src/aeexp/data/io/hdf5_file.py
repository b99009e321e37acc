"""HDF5 files: a matrix by its path, 10x Genomics matrices, and spikes of NWB files in bins."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import h5py
import numpy as np
import pyarrow as pa

from aeexp.data.io.arrays import choose
from aeexp.data.io.hdf5 import (
    array_names,
    check_array,
    find,
    open_matrix,
    open_sparse,
    opened,
    values,
)
from aeexp.data.io.matrix import Matrix, matrix_table
from aeexp.data.io.names import shown
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError
from aeexp.text import counted, exact

BIN_SECONDS = 0.1  # of spikes, unless the user sets it
TENX = "matrix"  # the group of a matrix of 10x Genomics


def open_hdf5(file: TableFile) -> TableSource:
    """Scan a matrix of an HDF5 file; vectors of its length beside it describe the rows.

    Raises:
        UserError: There is no such matrix, or several and no dataset.key.
    """
    most, key = file.most_bytes, file.format.key
    with opened(file.path) as root:
        if key in (None, TENX) and find(root, f"{TENX}/indptr") is not None:
            return matrix_table(file.kind, _tenx(file, root))
        if key is None and find(root, "units/spike_times") is not None:
            return _spikes(file, root)
        item = None if key is None else find(root, key)
        place = key or ""
        if not isinstance(item, h5py.Dataset) and not _is_sparse(item):
            names = array_names(root)
            shapes = {f"/{n}": root[n].shape for n in names if root[n].dtype.kind in "fiub"}
            place = choose(shapes, key)
            item = find(root, place)
        matrix = open_matrix(file.path, place, item, most)
        if isinstance(item, h5py.Dataset) and item.ndim > 1:
            matrix = replace(matrix, beside=_beside(item, most))
    return matrix_table(file.kind, matrix, [f"matrix '{shown(place)}'"])


def _is_sparse(item: Any) -> bool:
    return isinstance(item, h5py.Group) and find(item, "indptr") is not None


def _beside(array: Any, most_bytes: float) -> dict[str, Any]:
    """Return the vectors with an entry for each row in the group of a matrix."""
    vectors = {}
    for name in array.parent:
        hard = isinstance(array.parent.get(name, getlink=True), h5py.HardLink)
        item = array.parent[name] if hard else None
        if isinstance(item, h5py.Dataset) and item.shape == array.shape[:1]:
            is_text = h5py.check_string_dtype(item.dtype) is not None
            if is_text or item.dtype.kind in "fiub":
                vectors[name] = values(item, most_bytes)
    return vectors


def _tenx(file: TableFile, root: Any) -> Matrix:
    """Return a matrix as Cell Ranger writes it: columns of features, rows of barcodes."""
    group, most = find(root, TENX), file.most_bytes
    columns, rows = map(int, find(group, "shape")[:])
    matrix = open_sparse(file.path, TENX, (rows, columns), most, by_rows=True)
    names = values(find(group, "features/name"), most).to_pylist()
    barcodes = values(find(group, "barcodes"), most)
    return replace(matrix, names=names, beside={"barcode": barcodes}, index="barcode")


# Spikes


def _spikes(file: TableFile, root: Any) -> TableSource:
    """Return the number of spikes of each unit in bins of time.

    The layout is that of NWB 2: `spike_times` has the times of all units in seconds, one unit
    after the other, and `spike_times_index` the end of each.
    """
    times, ends, units = (
        find(root, f"units/{name}") for name in ("spike_times", "spike_times_index", "id")
    )
    for array in (times, ends, units):
        if not isinstance(array, h5py.Dataset) or array.dtype.kind not in "fiu":
            raise UserError("'/units' must have spike_times, spike_times_index and id.")
        check_array(array, file.most_bytes)
    seconds, last = np.asarray(times[:], np.float64), np.asarray(ends[:], np.int64)
    starts = np.concatenate([[0], last[:-1]])
    if len(last) == 0 or last[-1] > len(seconds) or (last < starts).any() or starts.min() < 0:
        raise UserError("'/units/spike_times_index' does not fit '/units/spike_times'.")
    if not len(seconds) or not np.isfinite(seconds).all():
        raise UserError("'/units/spike_times' must have finite times.")
    width = file.format.bin_seconds or BIN_SECONDS
    first = math.floor(seconds.min() / width)
    bins = math.floor(seconds.max() / width) - first + 1
    numbers = [np.floor(seconds[a:b] / width) - first for a, b in zip(starts, last, strict=True)]

    def blocks(rows: int) -> Iterator[Any]:
        for start in range(0, bins, rows):
            size = min(rows, bins - start)
            inside = [n[(n >= start) & (n < start + size)].astype(np.int64) for n in numbers]
            yield np.stack([np.bincount(n - start, minlength=size) for n in inside], axis=1)

    if 8 * bins > file.most_bytes:
        raise UserError(
            f"the spikes extend over {bins:,} bins of {exact(width)} s. Set dataset.bin_seconds to"
            " longer bins, or raise dataset.max_bytes."
        )
    begin = pa.array((first + np.arange(bins)) * width)
    names = [f"unit_{unit}" for unit in units[:]]
    matrix = Matrix((bins, len(names)), np.dtype(np.int64), blocks, names)
    note = (
        f"spikes of {counted(len(names), 'unit')} in {counted(bins, 'bin')} of {exact(width)} s"
        " (see dataset.bin_seconds, and dataset.key for other arrays)"
    )
    return matrix_table(file.kind, replace(matrix, beside={"time": begin}), [note])
