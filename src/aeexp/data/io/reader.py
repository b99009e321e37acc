"""Read a user's file as one table, or in batches of rows."""

import csv
import traceback
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from aeexp.config.spec import Format
from aeexp.data.features import EXACT
from aeexp.data.io.arrangement import arrange_source
from aeexp.data.io.arrow import ROWS
from aeexp.data.io.formats import GENERAL, format_of
from aeexp.data.io.mixed import text_as_numbers
from aeexp.data.io.names import listed, shown
from aeexp.data.io.packing import content_name
from aeexp.data.io.table_source import Columns, Remedy, TableFile, TableSource, gather
from aeexp.data.memory import free_bytes, in_units, require_memory
from aeexp.errors import UserError
from aeexp.text import few

PATH, MESSAGE = 200, 600  # characters shown of a path and of an error
MIN_ROWS = 10  # with fewer rows, integers often increase by chance
TEXT = 64  # estimated bytes of a text cell
SHARE = 4  # a compressed file may unpack to the free memory divided by this
FILE_ERRORS = (
    OSError,
    EOFError,
    MemoryError,
    RecursionError,
    UnicodeError,
    csv.Error,
    zlib.error,
    pa.ArrowException,
)


@dataclass(frozen=True)
class Sheet:
    """A table in memory.

    frame: columns of int64, float32, float64 or str. notes: sentences on how the file was
    interpreted. texts: for each text column, a sentence on why it is not numeric. index: the
    columns that the file declares as names of the rows. remedies: for each text column that has
    mostly numbers, what makes it numeric. annotations: columns that are not learnt from, unless
    the user names them in dataset.columns.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    index: tuple[str, ...] = ()
    remedies: Mapping[str, Remedy] = field(default_factory=dict)
    annotations: tuple[str, ...] = ()


def read(path: Path, format: Format) -> Sheet:
    """Read a table into memory.

    Raises:
        UserError: There is no such file, or it does not match its name or `format`.
    """
    source, columns = read_columns(path, format)
    notes = (*source.notes, *too_large(columns.cells))
    return Sheet(
        columns.frame(),
        notes,
        source.texts,
        source.index,
        source.remedies or {},
        source.annotations,
    )


def read_columns(path: Path, format: Format) -> tuple[TableSource, Columns]:
    """Read a table into memory, after a check that it fits in twice: as read and as scaled.

    Raises:
        UserError: As `read`, or the table does not fit.
    """
    with file_errors(path):
        source = open_table(path, format)
        size = source.rows * sum(
            pa.types.is_string(t) * TEXT or t.bit_width // 8 for t in source.schema.types
        )
        table = f"a table of {source.rows:,} rows × {len(source.schema):,} columns"
        if format.max_bytes is None:
            require_memory(2 * size, table, "Use a file with fewer rows or columns.")
        elif size > format.max_bytes:
            raise UserError(f"{table} needs {in_units(size)} of memory. Raise dataset.max_bytes.")
        return source, gather(source.chunks(), source.rows, source.schema)


def increases(cells: Any) -> bool:
    """Return whether these are integers that increase from row to row, as row numbers do."""
    if cells.dtype != np.int64 or len(cells) < MIN_ROWS:
        return False
    head = cells[:64]  # decides most columns
    return bool((head[1:] > head[:-1]).all() and (cells[1:] > cells[:-1]).all())


def counters(columns: Mapping[str, Any]) -> list[str]:
    """Return a note on the columns that probably number the rows, if there are any."""
    increasing = [name for name, cells in columns.items() if increases(cells)]
    if not increasing:
        return []
    remedy = "if this is not a measurement, set dataset.id=… or dataset.drop=[…]"
    return [f"probably row numbers: {listed(increasing)} ({remedy})"]


def too_large(columns: Mapping[str, Any]) -> list[str]:
    """Return a note on the integers that double precision rounds, if there are any."""
    large = [
        name
        for name, cells in columns.items()
        if cells.dtype == np.int64 and max(-int(cells.min()), int(cells.max())) > EXACT
    ]
    return [f"too large for exact computation (above 2^53): {listed(large)}"] if large else []


def batches(path: Path, format: Format, rows: int = ROWS) -> Iterator[pd.DataFrame]:
    """Yield a table in frames of `rows` rows, with the types that `read` returns.

    The index continues from frame to frame. The text of a workbook is in memory as a whole.

    Raises:
        UserError: As `read`.
    """
    with file_errors(path):
        start = 0
        source = open_table(path, format)
        for group in _regrouped(source.chunks(), rows):
            count = sum(batch.num_rows for batch in group)
            frame = gather(group, count, source.schema).frame()
            frame.index = pd.RangeIndex(start, start + count)
            start += count
            yield frame


def _regrouped(chunks: Iterator[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    """Yield lists of batches with `rows` rows in total; the last may have fewer."""
    group: list[pa.RecordBatch] = []
    for chunk in chunks:
        start, missing = 0, rows - sum(batch.num_rows for batch in group)
        while chunk.num_rows - start >= missing:
            yield [*group, chunk.slice(start, missing)]
            start, group, missing = start + missing, [], rows
        group.append(chunk.slice(start))
    if any(batch.num_rows for batch in group):
        yield group


def open_table(path: Path, format: Format) -> TableSource:
    """Determine the types and the number of rows of a table by reading its file once.

    Raises:
        UserError: As `read`; the message does not name the file, see `file_errors`.
    """
    _check_file(path)
    kind, file_format = format_of(content_name(path))
    keys = (*file_format.keys, *GENERAL)
    for key in (f.name for f in fields(Format)):
        if getattr(format, key) not in (None, []) and key not in keys:
            raise UserError(f"dataset.{key} does not apply to .{kind} files. Remove it.")
    most_bytes = format.max_bytes or free_bytes() // SHARE
    try:
        source = file_format.open(TableFile(path, kind, format, most_bytes))
        source = text_as_numbers(arrange_source(source, format), format)
    except Exception as error:
        if not path.is_symlink():
            raise
        # the error could quote a secret file that is not a table, if someone else made the link
        raise UserError(
            f"it is a link to {shown(path.resolve(), PATH)}, which cannot be read as a table. To"
            " see the reason, use the path of that file."
        ) from error
    if path.is_symlink():
        source = _without_quotes(source)
    if not source.rows:
        raise UserError("it has 0 data rows. The file needs at least one row below the names.")
    if others := [name for name in source.annotations if name not in source.index]:
        note = f"not learnt from unless dataset.columns names them: {few(others)}"
        source = replace(source, notes=(*source.notes, note))
    return source


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UserError(f"there is no such file in {shown(path.absolute().parent, PATH)}.")
    if path.is_dir():
        raise UserError("it is a directory. Name a file in it.")
    if not path.is_file():
        raise UserError(
            "it is a pipe or a device, which cannot be read twice. Save it as a file first."
        )


def _without_quotes(source: TableSource) -> TableSource:
    """Return a source whose notes and texts do not quote cells; it was opened through a link."""
    numbers = {name: number for number, name in enumerate(source.schema.names, 1)}
    texts = {
        name: f"column {numbers[name]} has cells that are not numbers" for name in source.texts
    }
    quoting = {*source.texts.values()}
    notes = (note.partition(": '")[0] for note in source.notes if note not in quoting)
    return replace(source, texts=texts, notes=tuple(notes), remedies={})


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Convert errors that a file causes into a `UserError` of one line that names the file."""
    try:
        yield
    except Exception as error:
        # a damaged file causes all kinds of errors in openpyxl, NumPy, zlib and Arrow; an error
        # that aeexp's own code raises is a fault of the program
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        in_library = not frame.f_globals["__name__"].startswith("aeexp.")
        if not (in_library or isinstance(error, (UserError, *FILE_ERRORS))):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = shown(" ".join(reason.split()), MESSAGE) or type(error).__name__
        if not isinstance(error, UserError):
            reason = f"cannot be read ({reason}). Is the file complete?"
        raise UserError(f"dataset.path={shown(path, PATH)}: {reason}") from error
