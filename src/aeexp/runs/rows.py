"""Write tables in parts; the file appears only when it is complete."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from aeexp.data.chunks import blocks
from aeexp.errors import UserError
from aeexp.runs.artifact import Table
from aeexp.runs.csv_file import lines
from aeexp.runs.files import replacing, write_bytes
from aeexp.runs.write import cells, path_of, write
from aeexp.text import listed

Columns = Mapping[str, Any]
Write = Callable[[Columns], None]
MOST_TEXT, GROUP = 100_000, 65_536
"""Most rows of a CSV file; rows per part of a Parquet file."""


@write.register
def _(artifact: Table, folder: Path) -> list[Path]:
    columns, count = artifact.columns, len(next(iter(artifact.columns.values())))
    if count <= MOST_TEXT:
        text = zip(*map(cells, columns.values()), strict=True)
        return [write_bytes(path_of(folder, artifact, "csv"), lines([columns, *text]))]
    path = path_of(folder, artifact, "parquet")
    with rows(path) as add:
        for part in blocks(count, 1, GROUP):
            add({name: column[part] for name, column in columns.items()})
    return [path]


@contextmanager
def rows(path: Path) -> Iterator[Write]:
    """Provide a function that adds rows, as columns by name, to a CSV, Parquet or AnnData file.

    The file gets its name when the block ends.

    Raises:
        UserError: The path has another ending.
        OSError: It cannot be written; an existing file is unchanged.
    """
    if path.suffix not in WRITERS:
        raise UserError(f"{path} must end in {listed([*WRITERS], and_=' or ')}.")
    with replacing(path) as file, WRITERS[path.suffix](file) as write:
        yield write


@contextmanager
def _csv(file: BinaryIO) -> Iterator[Write]:
    def write(columns: Columns) -> None:
        head = [] if file.tell() else [columns]
        file.write(lines([*head, *zip(*map(cells, columns.values()), strict=True)]))

    yield write


@contextmanager
def _parquet(file: BinaryIO) -> Iterator[Write]:
    import pyarrow as pa  # noqa: PLC0415  (slow to import, and rarely needed)
    from pyarrow import parquet  # noqa: PLC0415

    writers: list[Any] = []

    def write(columns: Columns) -> None:
        part = pa.table(dict(columns))
        if not writers:
            writers.append(parquet.ParquetWriter(file, part.schema))
        writers[0].write_table(part.cast(writers[0].schema))

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


@contextmanager
def _h5ad(file: BinaryIO) -> Iterator[Write]:
    from aeexp.runs import h5ad  # noqa: PLC0415  (slow to import, and rarely needed)

    with h5ad.writer(file) as write:
        yield write


WRITERS = {".csv": _csv, ".parquet": _parquet, ".h5ad": _h5ad}
