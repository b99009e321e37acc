"""MATLAB files: versions 4 to 7 by SciPy, version 7.3, which is HDF5, by h5py."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from scipy import io, sparse

from aeexp.data.io.arrays import choose
from aeexp.data.io.hdf5 import array_names, as_text, check_array, find, opened
from aeexp.data.io.matrix import Matrix, array_blocks, matrix_table, vector
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.memory import in_units
from aeexp.errors import UserError

MAT5 = 1  # SciPy's number of versions 5 to 7
HEADER = 128  # bytes before the first variable
COMPRESSED = 15  # the type of a compressed variable
PIECE = 1 << 20  # bytes unpacked at a time


def open_matlab(file: TableFile) -> TableSource:
    """Scan a matrix of a MATLAB file; vectors of its length beside it describe the rows.

    Raises:
        UserError: There is no such matrix, or several and no dataset.key.
    """
    is_hdf5 = h5py.is_hdf5(file.path)
    return (_open_hdf5 if is_hdf5 else _open_mat5)(file)


# Versions 4 to 7


def _open_mat5(file: TableFile) -> TableSource:
    with file.path.open("rb") as stream:
        if io.matlab.matfile_version(stream)[0] == MAT5:
            _check_size(stream, file.most_bytes)
    content = io.loadmat(file.path, simplify_cells=True, spmatrix=False)
    arrays = dict(_arrays(content))
    numeric = {name: x.shape for name, x in arrays.items() if x.dtype.kind in "fiub"}
    key = choose(numeric, file.format.key)
    x = arrays.pop(key)
    group = key.rpartition(".")[0]
    beside = {
        name.rpartition(".")[2]: vector(v.astype(str) if v.dtype.kind == "O" else v)
        for name, v in arrays.items()
        if v.shape == x.shape[:1] and name.rpartition(".")[0] == group
    }
    rows = x.tocsr() if sparse.issparse(x) else x
    matrix = Matrix(x.shape, x.dtype, array_blocks(rows), beside=beside)
    return matrix_table(file.kind, matrix, [f"matrix '{key}'"])


def _check_size(stream: IO[bytes], most_bytes: float) -> None:
    """Unpack all variables piece by piece, to check their size before SciPy unpacks them.

    The layout is that of MathWorks' "MAT-File Level 5 File Format".
    """
    stream.seek(0)
    order = "<" if stream.read(HEADER)[126:128] == b"IM" else ">"
    done = 0
    while len(tag := stream.read(8)) == 8:
        kind, size = struct.unpack(f"{order}II", tag)
        done += 0 if kind == COMPRESSED else size
        if kind != COMPRESSED:
            stream.seek(size, 1)
            continue
        unpack, end = zlib.decompressobj(), stream.tell() + size
        while piece := unpack.unconsumed_tail or stream.read(min(PIECE, end - stream.tell())):
            done += len(unpack.decompress(piece, PIECE))
            if done > most_bytes:
                raise UserError(
                    f"it unpacks to more than {in_units(most_bytes)}. Save fewer variables, or"
                    " raise dataset.max_bytes."
                )


def _arrays(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each array of numbers or texts, with its path through structs."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _arrays(value, f"{prefix}{name}.")
        elif sparse.issparse(value) or (isinstance(value, np.ndarray) and _is_plain(value)):
            yield f"{prefix}{name}", value


def _is_plain(x: Any) -> bool:
    """Return whether an array has numbers or texts, and not other arrays."""
    return x.dtype.kind in "fiubU" or all(isinstance(cell, str) for cell in x.flat)


# Version 7.3


def _open_hdf5(file: TableFile) -> TableSource:
    path = file.path
    with opened(path) as root:
        names = [name for name in array_names(root) if _is_number(root[name])]
        shapes = {n.replace("/", "."): root[n].shape[::-1] for n in names}
        key = choose(shapes, file.format.key)
        place = key.replace(".", "/")
        array = find(root, place)
        check_array(array, file.most_bytes)
        group = place.rpartition("/")[0]
        beside = {}
        for name in names:
            parent, _, short = name.rpartition("/")
            if (
                parent == group
                and name != place
                and sorted(root[name].shape) == sorted((1, array.shape[-1]))
            ):
                check_array(root[name], file.most_bytes)
                beside[short] = vector(root[name][:].ravel())
        matrix = Matrix(shapes[key], array.dtype, lambda rows: _columns(path, place, rows))
    return matrix_table(file.kind, replace(matrix, beside=beside), [f"matrix '{key}'"])


def _is_number(array: Any) -> bool:
    kind = as_text(array.attrs.get("MATLAB_class", ""))
    is_text = kind in ("char", "cell") or "MATLAB_empty" in array.attrs
    return array.dtype.kind in "fiub" and not is_text


def _columns(path: Path, place: str, rows: int) -> Iterator[Any]:
    """Yield blocks of rows; MATLAB writes matrices by columns."""
    with opened(path) as root:
        array = find(root, place)
        for start in range(0, array.shape[-1], rows):
            yield array[..., start : start + rows].T
