"""A delimited text file: read once to find the types of its columns, then again by these types."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO

import pyarrow as pa
import pyarrow.csv as pacsv

from aeexp.config.spec import Format
from aeexp.data.io.cells import Column, convert_all, update_all
from aeexp.data.io.encoding import LONGEST, TextSource, detect_encoding
from aeexp.data.io.layout import (
    BLANK,
    COMMA_NUMBER,
    SEPARATORS,
    Layout,
    Record,
    detect_layout,
    records,
)
from aeexp.data.io.names import LISTED, listed, named, shown
from aeexp.data.io.packing import Opener, opener
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError
from aeexp.text import counted

USUAL = {"csv": ","}
"""The separator that an ending implies; a tab for others."""
BLOCK = 1 << 20  # bytes parsed at a time; more if lines are long


def open_text(file: TableFile) -> TableSource:
    """Scan a text file, which may be compressed.

    Raises:
        UserError: As `scan_text`, or it unpacks to more than the limit.
    """
    usual = USUAL.get(file.kind, "\t")
    return scan_text(file.kind, usual, opener(file.path, file.most_bytes), file.format)


def scan_text(kind: str, usual: str, open_file: Opener, format: Format) -> TableSource:
    """Scan text from any source.

    usual: the separator that the file name implies, which needs no note.

    Raises:
        UserError: It is not in its encoding, has no names, or a line has a wrong number of fields.
    """
    detected = detect_encoding(open_file)  # also refuses other formats, if an encoding is set
    encoding = format.encoding or detected
    longest = format.max_line or LONGEST
    source = TextSource(open_file, encoding, longest=longest)
    table, notes = _table(source, format, usual)
    columns = {name: Column() for name in table.names}
    rows = 0
    for batch in table.batches():
        update_all([*columns.values()], batch, rows, table.layout.style)
        rows += batch.num_rows
    unnamed = {name for name, n in zip(table.names, table.layout.names, strict=True) if not n}
    # a separator at the end of each line makes a column without a name or a cell
    used = {
        n: c for n, c in columns.items() if n not in unnamed or c.filled or {*c.missing} - {""}
    }
    if not used:
        raise UserError("it has 0 data rows: no column has a name or a cell.")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.insert(0, f"encoding {encoding}")
    if len(used) < len(columns):
        notes.append(f"{counted(len(columns) - len(used), 'empty column')} without a name skipped")
    if numbered := [name for name in used if name in unnamed]:
        notes.append(f"columns without a name are named {listed(numbered)}")
    texts = _texts(table, used)
    notes += [*_missing(used), *_mixed(used, texts)]
    schema = pa.schema([(name, column.type) for name, column in used.items()])

    def chunks() -> Iterator[pa.RecordBatch]:
        for batch in table.batches():
            yield convert_all(batch, schema, table.layout.style)

    return TableSource(kind, rows, schema, tuple(notes), texts, chunks)


@dataclass(frozen=True)
class _Table:
    """The rows of a text file. source: skips the lines above them. longest: line in the head."""

    source: TextSource
    layout: Layout
    names: list[str]
    longest: int

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows as text.

        Raises:
            UserError: The number of fields in a line is not the number of names.
        """
        stream = self.source.utf8()
        if not stream.peek(1):
            return
        batch = None
        try:
            for batch in self._parsed(stream):
                yield batch
        except pa.ArrowInvalid as error:
            raise self._ragged() or error from None
        # after an unclosed quotation mark, the last cell contains the rest of the file
        if batch is not None and "\n" in (batch.column(-1)[-1].as_py() or ""):
            self._check_closed()

    def _parsed(self, stream: IO[bytes]) -> Iterator[pa.RecordBatch]:
        block = max(BLOCK, 64 * self.longest)
        return pacsv.open_csv(
            stream,
            pacsv.ReadOptions(block_size=block, column_names=self.names),
            pacsv.ParseOptions(delimiter=self.layout.separator, newlines_in_values=True),
            # by default, Arrow allocates 8 kB of such words for each column
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                null_values=[],
                true_values=[],
                false_values=[],
            ),
        )

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the line of the file in which each row begins."""
        wanted = set(rows)
        every = enumerate(islice(self._records(), max(wanted, default=-1) + 1))
        return {row: self.layout.skipped + record.first for row, record in every if row in wanted}

    def _records(self) -> Iterator[Record]:
        return records(self.source.lines(), self.layout.separator)

    def _check_closed(self) -> None:
        """Raise the error for a quotation mark that is not closed, if there is one."""
        line = 0
        try:
            for row in records(self.source.lines(), self.layout.separator, strict=True):
                line = row.last
        except csv.Error as error:
            if "unexpected end" in str(error):
                line += self.layout.skipped + 1
                raise UserError(
                    f"a quotation mark in line {line} is not closed. Close or remove it."
                ) from None

    def _ragged(self) -> UserError | None:
        """Return the error for the first line with a wrong number of fields.

        Arrow does not report the line, so that the slower csv module reads the file again.
        """
        try:
            for row in self._records():
                if len(row.fields) != len(self.names):
                    return UserError(
                        f"line {self.layout.skipped + row.first} has"
                        f" {counted(len(row.fields), 'field')} instead of {len(self.names):,}."
                        " Correct the line, or set dataset.separator."
                    )
        except csv.Error as error:
            return UserError(f"{error}. A quotation mark may be missing.")
        return None


def _table(source: TextSource, format: Format, usual: str) -> tuple[_Table, list[str]]:
    """Return the rows below the names of a file, and notes on how it is written."""
    head = source.head()
    layout = detect_layout(head, format, usual)
    lines = list(islice(io.StringIO(head, newline=""), layout.skipped + 10))
    skip = sum(map(len, lines[: layout.skipped]))
    below = replace(source, skip=skip, blanks=layout.separator == BLANK)
    names, notes = named(layout.names), list(layout.notes)
    if len(names) == 1 and (marks := [mark for mark in SEPARATORS if mark in lines[0]]):
        notes.append(f"there is only one column, but the first line contains {listed(marks)}")
    return _Table(below, layout, names, max(map(len, lines))), notes


def _texts(table: _Table, columns: Mapping[str, Column]) -> dict[str, str]:
    """Return for each text column a sentence on why it is not numeric."""
    texts = {}
    lines = table.lines([row for column in columns.values() for row, _ in column.examples])
    for name, column in columns.items():
        if column.non_numeric:
            cells = [f"'{shown(cell)}' in line {lines[row]}" for row, cell in column.examples]
            commas = all(COMMA_NUMBER.fullmatch(cell) for _, cell in column.examples)
            hint = " (if these are numbers, set dataset.decimal=',' or dataset.thousands=',')"
            counts = f"{column.non_numeric:,} of {column.filled:,} cells are not numbers"
            texts[name] = (
                f"column '{shown(name)}': {counts}: {', '.join(cells)}{hint if commas else ''}"
            )
        elif pa.types.is_string(column.type):
            texts[name] = (
                f"column '{shown(name)}' has whole numbers too long for a number type, and is read"
                " as text"
            )
    return texts


def _missing(columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield a note on the words that mean missing numbers; empty cells need no note."""
    counts: Counter[str] = Counter()
    for column in columns.values():
        if not pa.types.is_string(column.type):
            counts.update(column.missing)
    del counts[""]
    if counts:
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        texts = ", ".join(f"'{shown(text)}' ({count:,})" for text, count in ordered)
        yield f"missing cells in numeric columns: {texts}"


def _mixed(columns: Mapping[str, Column], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield why columns are text that have mostly numbers."""
    mixed = [n for n in texts if 2 * columns[n].non_numeric < columns[n].filled]
    yield from (texts[name] for name in mixed[:LISTED])
    if len(mixed) > LISTED:
        yield f"{counted(len(mixed) - LISTED, 'more column')} of numbers with text among them"
