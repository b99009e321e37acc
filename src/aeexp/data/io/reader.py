"""A user's own file as a table, and as tables of so many rows."""

import csv
import io
import math
import traceback
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from aeexp.config.spec import Format
from aeexp.data.inspect.profile import counters, too_large
from aeexp.data.io.arrow import ROWS, open_arrow, open_parquet
from aeexp.data.io.assembling import gather
from aeexp.data.io.encoding import opener
from aeexp.data.io.excel import sheet_text
from aeexp.data.io.names import shown
from aeexp.data.io.npy import open_array
from aeexp.data.io.table_source import Opened
from aeexp.data.io.text_file import open_text
from aeexp.data.memory import free_bytes, in_units, require_memory
from aeexp.errors import UserError

SEPARATORS = {"csv": ",", "tsv": "\t", "txt": "\t"}
TYPED = ("parquet", "feather", "arrow", "xlsx", "npy", "npz")
ENDINGS = ".csv, .tsv or .txt (or these with .gz), .parquet, .feather, .arrow, .xlsx, .npy, .npz"
PATH, MESSAGE = 200, 600  # characters told
TEXT = 64  # bytes of a cell of text, about
SHARE = 4  # of the free memory, one part may be taken by what a compressed file unpacks to
KNOWN = {
    "text": ("separator", "decimal", "thousands", "encoding", "header", "max_line"),
    "xlsx": ("decimal", "thousands", "header", "sheet", "max_line"),
}
"""What can be said of a file; of others, nothing can, as they say it themselves."""


BROKEN = (
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
    """A table as it was read.

    frame: columns of int64, float32, float64 or str. notes: how the file was understood.
    texts: of each column of text, a sentence that says why it is not one of numbers. index: the
    columns that name the rows, where the file says so.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    index: tuple[str, ...] = ()


def read(path: Path, format: Format) -> Sheet:
    """Read a table into memory.

    Raises:
        UserError: The file is not there, or is not what its ending and `format` say.
    """
    with refusing(path):
        opened = look(path, format)
        require_room(opened, format)
        columns = gather(opened.chunks(), opened.rows, opened.schema)
    measured = {name: c for name, c in columns.cells.items() if name not in opened.index}
    notes = (*opened.notes, *counters(measured), *too_large(columns.cells))
    return Sheet(columns.frame(), notes, opened.texts, opened.index)


def batches(path: Path, format: Format, rows: int = ROWS) -> Iterator[pd.DataFrame]:
    """Yield a table piece by piece, with the types that `read` gives all of it.

    The index counts on from piece to piece. Of a workbook all text is held at once.

    Raises:
        UserError: As `read`.
    """
    with refusing(path):
        start = 0
        opened = look(path, format)
        for held in _regrouped(opened.chunks(), rows):
            count = sum(batch.num_rows for batch in held)
            frame = gather(held, count, opened.schema).frame()
            frame.index = pd.RangeIndex(start, start + len(frame))
            start += len(frame)
            yield frame


def look(path: Path, format: Format) -> Opened:
    """Find out what a file holds, in one pass through it.

    Raises:
        UserError: As `read`, in words that do not yet name the file.
    """
    kind = _kind(path)
    _check_known(kind, format)
    try:
        opened = _opened(kind, path, format)
    except Exception as error:
        if not path.is_symlink():
            raise
        message = (  # which quotes nothing: the link may point to what is no table, but secret
            f"it is a link to {shown(path.resolve(), PATH)}, which cannot be read as a table: name"
            " that file itself to be told why."
        )
        raise UserError(message) from error
    if path.is_symlink():
        opened = _unquoted(opened)
    if not opened.rows:
        message = "it has 0 data rows: give a file with at least one row below its names."
        raise UserError(message)
    return opened


def require_room(opened: Opened, format: Format) -> None:
    """Refuse a table that does not fit into memory twice, as it is read and as it is scaled.

    Raises:
        UserError: It does not, in words that do not yet name the file.
    """
    size = opened.rows * sum(
        pa.types.is_string(t) * TEXT or t.bit_width // 8 for t in opened.schema.types
    )
    what = f"a table of {opened.rows:,} rows × {len(opened.schema):,} columns"
    if format.max_bytes is None:
        require_memory(2 * size, what, "take a file with fewer rows or columns.")
    elif size > format.max_bytes:
        message = f"{what} takes {in_units(size)} of memory: raise dataset.max_bytes."
        raise UserError(message)


def _unquoted(opened: Opened) -> Opened:
    """Return a file that was opened through a link, without cells in what is said of it."""
    places = {name: place for place, name in enumerate(opened.schema.names, 1)}
    texts = {name: f"column {places[name]} has cells that are no numbers" for name in opened.texts}
    quoted = {*opened.texts.values()}
    return replace(opened, texts=texts, notes=tuple(n for n in opened.notes if n not in quoted))


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn whatever a file causes into one line that names it."""
    try:
        yield
    except Exception as error:
        if not _is_of_file(error):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        said = shown(" ".join(reason.split()), MESSAGE) or type(error).__name__
        own = isinstance(error, UserError)
        message = (
            f"dataset.path={shown(path, PATH)}: {said if own else f'cannot be read ({said})'}"
        )
        raise UserError(message if own else f"{message}: is the file whole?") from error


def _is_of_file(error: Exception) -> bool:
    """Return whether an error was caused by a file, and not by a fault of aeexp's own.

    A broken file makes openpyxl, NumPy, zlib and Arrow raise whatever they stumble upon.
    """
    if isinstance(error, (UserError, *BROKEN)):
        return True
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return not frame.f_globals["__name__"].startswith("aeexp.")


def _kind(path: Path) -> str:
    name = path.name.lower()
    packed = name.endswith(".gz")
    kind = name.removesuffix(".gz").rpartition(".")[2]
    if not path.exists():
        message = f"there is no such file; looked for it in {shown(path.absolute().parent, PATH)}."
        raise UserError(message)
    if path.is_dir():
        message = "it is a directory: name a file in it."
        raise UserError(message)
    if not path.is_file():
        message = "it is a pipe or a device, which cannot be read twice: save it as a file first."
        raise UserError(message)
    if kind not in SEPARATORS and (packed or kind not in TYPED):
        message = f"its ending is none of those that are read: {ENDINGS}."
        raise UserError(message)
    return kind


def _check_known(kind: str, format: Format) -> None:
    known = KNOWN.get("text" if kind in SEPARATORS else kind, ())
    for key in (f.name for f in fields(Format)):
        if getattr(format, key) is not None and key not in (*known, "max_bytes"):
            message = f"dataset.{key} says nothing of a file of this kind: leave it out."
            raise UserError(message)


def _opened(kind: str, path: Path, format: Format) -> Opened:
    most = format.max_bytes or free_bytes() // SHARE
    match kind:
        case "csv" | "tsv" | "txt":
            packed = path.suffix.lower() == ".gz"
            text_bytes = most if packed else math.inf
            return open_text(kind, SEPARATORS[kind], opener(path), format, text_bytes)
        case "xlsx":
            text, notes = sheet_text(path, format.sheet, most)
            comma = replace(format, separator=",", encoding="utf-8")
            opened = open_text(kind, ",", lambda: io.BytesIO(text), comma)
            return replace(opened, notes=(*notes, *opened.notes))
        case "parquet":
            return open_parquet(path)
        case "feather" | "arrow":
            return open_arrow(path)
        case _:
            return open_array(path)


def _regrouped(chunks: Iterator[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    """Yield as many batches at a time as make up so many rows."""
    held: list[pa.RecordBatch] = []
    for chunk in chunks:
        start, missing = 0, rows - sum(each.num_rows for each in held)
        while chunk.num_rows - start >= missing:
            yield [*held, chunk.slice(start, missing)]
            start, held, missing = start + missing, [], rows
        held.append(chunk.slice(start))
    if any(each.num_rows for each in held):
        yield held
