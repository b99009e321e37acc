"""Read a user's file as one table, or in batches of rows."""

import csv
import io
import math
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
from aeexp.data.io.arrangement import ARRANGEMENT, arrange_source
from aeexp.data.io.arrow import ROWS, open_arrow, open_parquet
from aeexp.data.io.encoding import opener
from aeexp.data.io.excel import sheet_text
from aeexp.data.io.names import listed, shown
from aeexp.data.io.npy import open_array
from aeexp.data.io.table_source import Columns, Remedy, TableSource, gather
from aeexp.data.io.text_file import open_text
from aeexp.data.memory import free_bytes, in_units, require_memory
from aeexp.errors import UserError

SEPARATORS = {"csv": ",", "tsv": "\t", "txt": "\t"}
TYPED = ("parquet", "feather", "arrow", "xlsx", "npy", "npz")
ENDINGS = ".csv, .tsv or .txt (or these with .gz), .parquet, .feather, .arrow, .xlsx, .npy, .npz"
LINES = ("header", "header_rows", "skip", "comment", "decimal", "thousands", "max_line")
FORMAT_KEYS = {
    "text": (*LINES, "separator", "encoding"),
    "xlsx": (*LINES, "sheet"),
}
"""The fields of `Format` that apply to a kind of file; `GENERAL` apply to all."""
GENERAL = (*ARRANGEMENT, "na", "units", "max_bytes")
PATH, MESSAGE = 200, 600  # characters shown of a path and of an error
MIN_ROWS = 10  # with fewer rows, integers often increase by chance
TEXT = 64  # estimated bytes of a text cell
SHARE = 4  # a compressed file may unpack to the free memory divided by this
FILE_ERRORS = (
    OSError,
    EOFError,
    MemoryError,
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
    mostly numbers, what makes it numeric.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    index: tuple[str, ...] = ()
    remedies: Mapping[str, Remedy] = field(default_factory=dict)


def read(path: Path, format: Format) -> Sheet:
    """Read a table into memory.

    Raises:
        UserError: There is no such file, or it does not match its name or `format`.
    """
    source, columns = read_columns(path, format)
    notes = (*source.notes, *too_large(columns.cells))
    return Sheet(columns.frame(), notes, source.texts, source.index, source.remedies)


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
    kind = _kind(path)
    keys = keys_of(kind)
    for key in (f.name for f in fields(Format)):
        if getattr(format, key) not in (None, []) and key not in (*keys, *GENERAL):
            raise UserError(f"dataset.{key} does not apply to .{kind} files. Remove it.")
    try:
        source = arrange_source(_open(kind, path, format), format)
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
    return source


def keys_of(kind: str) -> tuple[str, ...]:
    """Return the fields of `Format` that apply only to some kinds of file, and to this one."""
    return FORMAT_KEYS.get("text" if kind in SEPARATORS else kind, ())


def _kind(path: Path) -> str:
    """Return the ending of a file, without .gz."""
    name = path.name.lower()
    kind = name.removesuffix(".gz").rpartition(".")[2]
    message = ""
    if not path.exists():
        message = f"there is no such file in {shown(path.absolute().parent, PATH)}."
    elif path.is_dir():
        message = "it is a directory. Name a file in it."
    elif not path.is_file():
        message = "it is a pipe or a device, which cannot be read twice. Save it as a file first."
    elif kind not in SEPARATORS and (name.endswith(".gz") or kind not in TYPED):
        message = f"the name must end in {ENDINGS}."
    if message:
        raise UserError(message)
    return kind


def _open(kind: str, path: Path, format: Format) -> TableSource:
    most = format.max_bytes or free_bytes() // SHARE
    match kind:
        case "csv" | "tsv" | "txt":
            most_text = most if path.suffix.lower() == ".gz" else math.inf
            return open_text(kind, SEPARATORS[kind], opener(path), format, most_text)
        case "xlsx":
            text, notes = sheet_text(path, format.sheet, most)
            comma = replace(format, separator=",", encoding="utf-8")
            source = open_text(kind, ",", lambda: io.BytesIO(text), comma)
            return replace(source, notes=(*notes, *source.notes))
        case "parquet":
            return open_parquet(path)
        case "feather" | "arrow":
            return open_arrow(path)
        case _:
            return open_array(path)


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
