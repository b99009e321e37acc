"""A delimited text file: read once to find the types of its columns, then again by these types."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from aeexp.config.spec import Format
from aeexp.data.io.cells import Column, Notation, convert_all, update_all
from aeexp.data.io.encoding import LONGEST, TextSource, detect_encoding
from aeexp.data.io.layout import BLANK, COMMA_NUMBER, SEPARATORS, Layout, detect_layout
from aeexp.data.io.mixed import missing, mixed, read_as_numbers, remedy, units
from aeexp.data.io.names import LISTED, listed, named, shown
from aeexp.data.io.packing import Opener, opener
from aeexp.data.io.records import MARKS, Record, Tally, records
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.na import na_values
from aeexp.errors import UserError
from aeexp.text import counted, few

MOST_NOTES = 20  # rows below a table that may be notes
PHRASE = 3  # words of a note that follows the rows without an empty line
FEWEST_NAMES = 2  # a row of fewer may be data
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
    notation = Notation(table.layout.style, na_values(format.na), tuple(format.units))
    try:
        scan = _scan(table, notation)
    except _NotesBelowError as error:
        notes.append(str(error))
        table = table.with_skip(ragged=True)
        scan = _scan(table, notation)
    if (end := scan.end) is not None:
        notes.append(table.note_below(end))
        table = table.with_skip(rows=end)
        scan = _scan(table, notation)
    columns, rows, repeated = scan.columns, scan.rows, scan.repeated
    notes += scan.tally.notes()
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
    if repeated:
        lines = [str(line) for line in table.lines(repeated).values()]
        notes.append(f"lines that repeat the names are left empty: {few(lines, LISTED)}")
    texts = _texts(table, used)
    mostly_numbers = [
        n for n in texts if used[n].remedy is not None or 2 * used[n].non_numeric < used[n].filled
    ]
    notes += [*missing(used), *read_as_numbers(used), *mixed(mostly_numbers, texts)]
    schema = pa.schema([(name, column.type) for name, column in used.items()])

    def chunks() -> Iterator[pa.RecordBatch]:
        for batch in table.batches():
            yield convert_all(blanked(batch, table.rows_of_names(batch)), schema, notation)

    remedies = {name: r for name in texts if (r := remedy(used[name])) is not None}
    return TableSource(
        kind, rows, schema, tuple(notes), texts, chunks, remedies=remedies, style=notation.style
    )


@dataclass(frozen=True)
class _Scan:
    """What the rows of a text require of the types of its columns, and what is left out.

    rows: their number. tally: of the records that are no rows. repeated: the rows that repeat the
    names.
    """

    columns: dict[str, Column]
    rows: int
    tally: Tally
    repeated: tuple[int, ...] = ()

    @property
    def end(self) -> int | None:
        """Return the number of rows above notes, None if there are none.

        Notes are a few rows below an empty row that have text where all rows above have numbers.
        """
        columns = self.columns.values()
        for gap in self.tally.gaps:
            below = self.rows - gap
            if 0 < below <= min(MOST_NOTES, gap) and any(
                c.non_numeric <= below and c.examples[0][0] >= gap
                for c in columns
                if c.non_numeric
            ):
                return gap
        return None


def _scan(table: "_Table", notation: Notation) -> _Scan:
    scan = _Scan({name: Column(notation) for name in table.names}, 0, Tally())
    for batch in table.batches(scan.tally):
        names = table.rows_of_names(batch)
        update_all([*scan.columns.values()], blanked(batch, names), scan.rows)
        repeated = (*scan.repeated, *(scan.rows + row for row in names))
        scan = replace(scan, rows=scan.rows + batch.num_rows, repeated=repeated)
    return scan


class _NotesBelowError(Exception):
    """The last records of a text are notes with other numbers of fields."""


@dataclass(frozen=True)
class _Table:
    """The rows of a text file. source: skips the lines above them. longest: line in the head."""

    source: TextSource
    layout: Layout
    names: list[str]
    longest: int

    def with_skip(self, **changes: Any) -> "_Table":
        """Return the table with other records that are no rows."""
        skip = replace(self.layout.skip, **changes)
        return replace(self, layout=replace(self.layout, skip=skip))

    def batches(self, tally: Tally | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows as text, and count what is left out.

        Raises:
            UserError: The number of fields in a line is not the number of names.
            _NotesBelowError: Only notes below the rows have another number.
        """
        stream = self.source.utf8()
        if not stream.peek(1):
            return
        skip, tally = self.layout.skip, tally or Tally()
        batch = None
        try:
            for batch in self._parsed(stream, tally):
                yield skip.rows_of(batch, tally)
                if skip.rows is not None and tally.rows >= skip.rows:
                    return
        except pa.ArrowInvalid as error:
            raise self._ragged() or error from None
        # after an unclosed quotation mark, the last cell contains the rest of the file
        if batch is not None and "\n" in (batch.column(-1)[-1].as_py() or ""):
            self._check_closed()

    def _parsed(self, stream: IO[bytes], tally: Tally) -> Iterator[pa.RecordBatch]:
        block = max(BLOCK, 64 * self.longest)
        skip, separator = self.layout.skip, self.layout.separator

        def on_ragged(record: pacsv.InvalidRow) -> str:
            text = record.text.partition(separator)[0].strip(' "')
            if skip.is_comment(text) or text.startswith(MARKS):
                tally.add_comments([record.text])
            elif not skip.ragged:
                return "error"
            return "skip"

        return pacsv.open_csv(
            stream,
            pacsv.ReadOptions(block_size=block, column_names=self.names),
            pacsv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=on_ragged
            ),
            # by default, Arrow allocates 8 kB of such words for each column
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                null_values=[],
                true_values=[],
                false_values=[],
            ),
        )

    def rows_of_names(self, batch: pa.RecordBatch) -> list[int]:
        """Return the rows of a batch that repeat the names, as in files that were joined."""
        if batch.num_columns < FEWEST_NAMES:
            return []
        repeats = pa.array(np.ones(batch.num_rows, bool))
        for cells, name in zip(batch.columns, self.layout.names, strict=True):
            repeats = pc.and_(repeats, pc.equal(cells, name))
            if not pc.any(repeats).as_py():
                return []
        return list(pc.indices_nonzero(repeats).to_pylist())

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the line of the file in which each row begins."""
        wanted = set(rows)
        every = enumerate(islice(self._rows(), max(wanted, default=-1) + 1))
        return {row: self.layout.skipped + record.first for row, record in every if row in wanted}

    def note_below(self, rows: int) -> str:
        """Return a note on the records below so many rows."""
        return self._note_below([*islice(self._rows(), rows, None)])

    def _rows(self) -> Iterator[Record]:
        skip, columns = self.layout.skip, len(self.names)
        return (r for r in self._records() if len(r.fields) == columns and skip.is_row(r))

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

    def _ragged(self) -> Exception | None:
        """Return the error for the first line with a wrong number of fields.

        Arrow does not report the line, so that the slower csv module reads the file again.
        """
        columns, ragged, above = len(self.names), list[Record](), 0
        try:
            for record in self._records():
                is_row = len(record.fields) == columns
                if ragged and is_row and record.filled:
                    break
                if not is_row and not self._is_comment(record.fields[0]):
                    ragged.append(record)
                    is_gap = record.first > above + 1
                    is_phrase = len(record.fields[0].split()) >= PHRASE
                    if len(ragged) == 1 and not (is_gap or is_phrase):
                        break  # a row that is cut off
                above = record.last
            else:
                if ragged and all(_is_note(record) for record in ragged):
                    return _NotesBelowError(self._note_below(ragged))
        except csv.Error as error:
            return UserError(f"{error}. A quotation mark may be missing.")
        if not ragged:
            return None
        return UserError(
            f"line {self.layout.skipped + ragged[0].first} has"
            f" {counted(len(ragged[0].fields), 'field')} instead of {columns:,}. Correct the line,"
            " or set dataset.separator. If it is no row, set dataset.comment, or dataset.skip to"
            " read what is below it."
        )

    def _is_comment(self, cell: str) -> bool:
        return self.layout.skip.is_comment(cell) or cell.strip().startswith(MARKS)

    def _note_below(self, below: Sequence[Record]) -> str:
        cells = [cell for record in below for cell in record.filled]
        line = self.layout.skipped + below[0].first
        return f"lines from line {line} on are left out as notes: {listed(cells)}"


def _is_note(record: Record) -> bool:
    return len(record.filled) <= 1 and not record.has_number


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


def blanked(batch: pa.RecordBatch, rows: Sequence[int]) -> pa.RecordBatch:
    """Return a batch of text with rows that have no cell."""
    if not rows:
        return batch
    kept = np.ones(batch.num_rows, bool)
    kept[[*rows]] = False
    columns = [pc.if_else(pa.array(kept), cells, "") for cells in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _texts(table: _Table, columns: Mapping[str, Column]) -> dict[str, str]:
    """Return for each text column a sentence on why it is not numeric."""
    texts = {}
    lines = table.lines([row for column in columns.values() for row, _ in column.examples])
    for name, column in columns.items():
        if not pa.types.is_string(column.type):
            continue
        if column.non_numeric:
            cells = [f"'{shown(cell)}' in line {lines[row]}" for row, cell in column.examples]
            commas = all(COMMA_NUMBER.fullmatch(cell) for _, cell in column.examples)
            hint = " (if these are numbers, set dataset.decimal=',' or dataset.thousands=',')"
            counts = f"{column.non_numeric:,} of {column.filled:,} cells are not numbers"
            texts[name] = (
                f"column '{shown(name)}': {counts}: {', '.join(cells)}{hint if commas else ''}"
                f"{units(column)}"
            )
        else:
            texts[name] = (
                f"column '{shown(name)}' has whole numbers too long for a number type, and is read"
                " as text"
            )
    return texts
