"""NumPy files of one matrix, or of several with a key."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from aeexp.data.io.arrays import choose
from aeexp.data.io.matrix import Matrix, array_blocks, matrix_table, vector
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError

NAMES = "features"  # the array with the names of the columns
USUAL = "x"  # the matrix, if there are several arrays and no key


def open_array(file: TableFile) -> TableSource:
    """Scan a NumPy file; vectors beside the matrix of an archive describe its rows.

    Raises:
        UserError: It has pickled objects, no matrix or several, or a wrong number of names.
    """
    try:
        if file.kind == "npy":
            arrays = {USUAL: np.lib.format.open_memmap(file.path, mode="r")}
        else:
            arrays = _archive(file.path)
    except ValueError as error:
        # NumPy's message recommends unpickling, which runs code of the file's author
        reason = "it holds Python objects" if "pickle" in str(error) else str(error)
        raise UserError(
            f"no array can be read from it ({reason.rstrip('.')}). Save numbers with numpy.save"
            " or numpy.savez."
        ) from error
    names = arrays.pop(NAMES, None)
    shapes = {name: x.shape for name, x in arrays.items()}
    x = arrays.pop(choose(shapes, file.format.key or (USUAL if USUAL in shapes else None)))
    beside = {
        name: vector(values)
        for name, values in arrays.items()
        if values.shape == x.shape[:1] and values.dtype.kind in "fiubU"
    }
    texts = None if names is None else [str(name) for name in names.ravel()]
    matrix = Matrix(x.shape, x.dtype, array_blocks(x), texts, beside)
    return matrix_table(file.kind, matrix)


def _archive(path: Path) -> dict[str, Any]:
    """Return the arrays of an archive; never unpickle."""
    if not zipfile.is_zipfile(path):
        raise UserError("it is not a zip archive")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
