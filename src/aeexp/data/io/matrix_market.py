"""Matrix Market files, such as the counts of 10x Genomics with features and barcodes beside."""

import csv
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import sparse
from scipy.io import mminfo, mmread

from aeexp.data.io.encoding import TextSource
from aeexp.data.io.matrix import Matrix, array_blocks, matrix_table, vector
from aeexp.data.io.packing import opener
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.memory import in_units
from aeexp.errors import UserError

FEATURES, BARCODES = ("features", "genes"), ("barcodes",)
ENTRY = 40  # bytes of an entry while it is read and sorted


def open_matrix_market(file: TableFile) -> TableSource:
    """Scan a sparse matrix; with features and barcodes beside it, the barcodes are the rows.

    Raises:
        UserError: It needs more memory than the limit, or the files beside it do not fit.
    """
    with _unpacked(file) as path:
        rows, columns, entries, _, field, _ = mminfo(path)
    if entries * ENTRY > file.most_bytes:
        raise UserError(
            f"its {entries:,} entries need {in_units(entries * ENTRY)} of memory. Use fewer rows"
            " or columns, or raise dataset.max_bytes."
        )
    features, barcodes = (_names_beside(file, names) for names in (FEATURES, BARCODES))
    is_transposed = barcodes is not None and len(barcodes) == columns
    dtype = np.dtype(np.int64 if field in ("integer", "pattern") else np.float64)

    def blocks(count: int) -> Iterator[Any]:
        with _unpacked(file) as path:
            x = mmread(path, spmatrix=False)
        x = sparse.csr_array(x.T if is_transposed else x)
        yield from array_blocks(x)(count)

    matrix = Matrix((columns, rows) if is_transposed else (rows, columns), dtype, blocks)
    if features is not None and len(features) == matrix.shape[1]:
        matrix = replace(matrix, names=features)
    if barcodes is not None and len(barcodes) == matrix.shape[0]:
        beside = {"barcode": vector(np.array(barcodes))}
        matrix = replace(matrix, beside=beside, index="barcode")
    notes = ["columns of the file are rows of the table"] if is_transposed else []
    return matrix_table(file.kind, matrix, notes)


@contextmanager
def _unpacked(file: TableFile) -> Iterator[str]:
    """Provide the path of the plain file: SciPy ends the process if a stream raises an error."""
    if file.path.suffix.lower() == ".mtx":
        yield str(file.path)
        return
    with TemporaryDirectory(prefix="aeexp-") as folder:
        path = Path(folder, "matrix.mtx")
        with opener(file.path, file.most_bytes)() as packed, path.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        yield str(path)


def _names_beside(file: TableFile, words: tuple[str, ...]) -> list[str] | None:
    """Return the names in a file beside the matrix: the second column, or the only one.

    Features have an identifier in the first column and a symbol in the second.
    """
    stem = re.sub(r"matrix\.mtx.*", "", file.path.name)
    paths = [
        file.path.with_name(f"{stem}{word}.tsv{packing}")
        for word in words
        for packing in ("", ".gz")
    ]
    path: Path | None = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    lines = TextSource(opener(path, file.most_bytes), "utf-8").lines()
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [row[min(1, len(row) - 1)] for row in rows if row]
