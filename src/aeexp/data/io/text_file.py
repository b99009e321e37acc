"""A delimited text file: looked through once for the types of its columns, then read by them."""

import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

import pyarrow as pa

from aeexp.config.spec import Format
from aeexp.data.io.cells import Column, convert_all, see_all
from aeexp.data.io.delimited import Delimited
from aeexp.data.io.encoding import LONGEST, Opener, Source, encoding
from aeexp.data.io.layout import COMMA_NUMBER, SEPARATORS, lay_out
from aeexp.data.io.names import LISTED, listed, named, shown
from aeexp.data.io.records import BLANK
from aeexp.data.io.table_source import Opened
from aeexp.errors import UserError
from aeexp.text import counted

START = 1 << 12  # bytes that tell the encoding
USUAL = ("utf-8", "utf-8-sig")


def open_text(
    kind: str,
    usual: str,
    opened: Opener,
    format: Format,
    most_bytes: float = math.inf,
) -> Opened:
    """Look through a text file, whose usual separator is not remarked upon.

    most_bytes: that it may have once it is unpacked.

    Raises:
        UserError: It is not of its encoding, has no names, or its lines do not fit them.
    """
    with opened() as stream:
        detected = encoding(stream.read(START))
    source = Source(
        opened,
        format.encoding or detected,
        most_bytes=most_bytes,
        longest=format.max_line or LONGEST,
    )
    table, notes = _table(source, format, usual)
    columns, rows = _seen(table)
    nameless = table.nameless()
    kept = {n: column for n, column in columns.items() if n not in nameless or _holds(column)}
    if not kept:
        message = "it has 0 data rows: none of its columns has a name or a cell."
        raise UserError(message)
    texts = dict(_texts(table, kept, rows))
    if source.encoding not in USUAL:
        notes = [f"encoding {source.encoding}", *notes]
    if len(kept) < len(columns):
        left_out = counted(len(columns) - len(kept), "empty column")
        notes.append(f"{left_out} without a name left out")
    if called := [name for name in kept if name in nameless]:
        notes.append(f"columns without a name are called {listed(called)}")
    notes += [*_missing(kept), *_mixed(kept, texts)]
    schema = pa.schema([(name, column.type) for name, column in kept.items()])
    return Opened(kind, rows, schema, tuple(notes), texts, lambda: _typed(table, schema))


def _table(source: Source, format: Format, usual: str) -> tuple[Delimited, list[str]]:
    """Return what follows a file's header, and what is to be said of it."""
    head = source.head()
    layout = lay_out(head, format, usual)
    lines = list(islice(io.StringIO(head, newline=""), layout.skipped + 10))
    skip = sum(map(len, lines[: layout.skipped]))
    rest = replace(source, skip=skip, blanks=layout.separator == BLANK)
    names, notes = named(layout.names), list(layout.notes)
    if len(names) == 1 and (marks := [mark for mark in SEPARATORS if mark in lines[0]]):
        notes.append(f"there is one column, though its header holds {listed(marks)}")
    return Delimited(rest, layout, names, max(map(len, lines))), notes


def _seen(table: Delimited) -> tuple[dict[str, Column], int]:
    columns = {name: Column() for name in table.names}
    rows = 0
    for batch in table.batches():
        see_all([*columns.values()], batch, rows, table.layout.style)
        rows += batch.num_rows
    return columns, rows


def _holds(column: Column) -> bool:
    """Tell whether a column has cells, unlike what follows a separator at the end of lines."""
    return bool(column.filled) or not set(column.words) <= {""}


def _texts(
    table: Delimited, columns: Mapping[str, Column], rows: int
) -> Iterator[tuple[str, str]]:
    """Yield for each column of text why it is none of numbers."""
    examples = [row for column in columns.values() for row, _ in column.examples]
    lines = table.lines(examples)
    for name, column in columns.items():
        if column.strangers:
            cells = [f"'{shown(cell)}' in line {lines[row]}" for row, cell in column.examples]
            yield (
                name,
                (
                    f"column '{shown(name)}': {column.strangers:,} of {column.filled:,} cells are"
                    f" no numbers: {', '.join(cells)}{_hint(column)}"
                ),
            )
        elif pa.types.is_string(column.type):
            yield (
                name,
                (
                    f"column '{shown(name)}' has whole numbers too long for any number type:"
                    " they are kept as text"
                ),
            )


def _hint(column: Column) -> str:
    if all(COMMA_NUMBER.fullmatch(cell) for _, cell in column.examples):
        return " (for decimal commas say dataset.decimal=',', for thousands dataset.thousands=',')"
    return ""


def _missing(columns: Mapping[str, Column]) -> Iterator[str]:
    """Say which words stand for missing numbers; that empty cells do goes without saying."""
    words: Counter[str] = Counter()
    for column in columns.values():
        if not pa.types.is_string(column.type):
            words.update(column.words)
    del words[""]
    if words:
        said = (
            f"'{shown(word)}' ({count:,})"
            for word, count in sorted(words.items(), key=lambda each: (-each[1], each[0]))
        )
        yield f"taken as missing in columns of numbers: {', '.join(said)}"


def _mixed(columns: Mapping[str, Column], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield what is to be said of columns that are text, but hardly meant to be."""
    mixed = [n for n in texts if 2 * columns[n].strangers < columns[n].filled]
    yield from (texts[name] for name in mixed[:LISTED])
    if len(mixed) > LISTED:
        yield f"{counted(len(mixed) - LISTED, 'more column')} of numbers with text among them"


def _typed(table: Delimited, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in table.batches():
        yield convert_all(batch, schema, table.layout.style)
