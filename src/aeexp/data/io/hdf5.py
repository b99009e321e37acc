"""Safe access to HDF5 files: nothing outside the file is read, and nothing is unpickled."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import pyarrow as pa
from scipy import sparse

from aeexp.data.io.matrix import Matrix, array_blocks, vector
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


def array_names(root: Any) -> list[str]:
    """Return the paths of all arrays that are in the file itself; links are not followed."""
    names: list[str] = []

    def visit(name: str, item: Any) -> None:
        is_private = name.startswith("#")  # as MATLAB names the content of cells
        if isinstance(item, h5py.Dataset) and item.shape is not None and not is_private:
            names.append(name)

    root.visititems(visit)
    return names


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
        place = f"'{shown(array.name)}'" if array else "a column"
        raise UserError(f"{place} must be an array of one dimension.")
    check_array(array, most_bytes)
    if array.size * array.dtype.itemsize > most_bytes:
        raise UserError(f"'{shown(array.name)}' exceeds {in_units(most_bytes)}.")
    if h5py.check_string_dtype(array.dtype) is not None:
        return pa.array(array.asstr(errors="replace")[:].tolist(), pa.string())
    if array.dtype.kind not in "fiub":
        raise UserError(f"'{shown(array.name)}' has {array.dtype}, neither numbers nor text.")
    return vector(array[:])


def as_text(value: Any) -> str:
    """Return an attribute as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


# Matrices


def open_matrix(path: Path, place: str, item: Any, most_bytes: float) -> Matrix:
    """Return a matrix of a file: an array, or a group with a sparse matrix as AnnData writes it.

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
    encoding = item.attrs.get("encoding-type", item.attrs.get("h5sparse_format", ""))
    shape = item.attrs.get("shape", item.attrs.get("h5sparse_shape", ()))
    by_rows = as_text(encoding).startswith("csr")
    if not (by_rows or as_text(encoding).startswith("csc")):
        raise UserError(f"'{place}' is neither an array nor a sparse matrix of AnnData.")
    return open_sparse(path, place, tuple(map(int, shape)), most_bytes, by_rows=by_rows)


def open_sparse(
    path: Path, place: str, shape: Sequence[int], most_bytes: float, *, by_rows: bool
) -> Matrix:
    """Return a sparse matrix: the arrays data, indices and indptr of a group.

    place: the path of the group. by_rows: whether it is compressed by rows, or else by columns.

    Raises:
        UserError: It has no such arrays, or its cells are in other files.
    """

    def arrays(root: Any) -> list[Any]:
        return [find(root, f"{place}/{name}") for name in ("data", "indices", "indptr")]

    def blocks(rows: int) -> Iterator[Any]:
        with opened(path) as root:
            if by_rows:
                yield from _csr_blocks(arrays(root), shape, rows)
                return
            compressed = sparse.csc_array(tuple(part[:] for part in arrays(root)), tuple(shape))
        compressed.check_format(full_check=True)  # an index beyond the rows would crash
        yield from array_blocks(compressed.tocsr())(rows)

    with opened(path) as root:
        parts = arrays(root)
        for part in parts:
            if not isinstance(part, h5py.Dataset) or part.dtype.kind not in "fiub":
                raise UserError(f"'{place}' is not a sparse matrix: data, indices and indptr.")
            check_array(part, most_bytes)
        size = 2 * sum(part.size * part.dtype.itemsize for part in parts)
        if not by_rows and size > most_bytes:
            raise UserError(
                f"'{place}' is sparse by columns: to read it by rows needs {in_units(size)} of"
                " memory. Save it as csr_matrix, or raise dataset.max_bytes."
            )
        return Matrix(tuple(shape), parts[0].dtype, blocks)


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
