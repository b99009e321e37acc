"""The names of the columns of a text, and the rows above and below them that are no data."""

from collections.abc import Sequence
from dataclasses import dataclass

from aeexp.config.spec import Format
from aeexp.data.io.cells import MISSING
from aeexp.data.io.names import listed, numbered, shown
from aeexp.data.io.records import Record, is_number, width
from aeexp.errors import UserError

MOST_ROWS = 5  # of names, if detected
LAST_START = 30  # rows above the names after a gap
BELOW = 50  # rows that show which columns are numeric
FEWEST_BELOW = 3
MOSTLY = 0.9  # share of numbers in a numeric column
BETWEEN = "_"
"""What joins names in several rows."""


@dataclass(frozen=True)
class Header:
    """The names of columns.

    body: the rows below them. skipped: the number of lines before these rows. notes: sentences on
    lines that are not read, and on names that are made.
    """

    names: list[str]
    body: Sequence[Record]
    skipped: int
    notes: list[str]


def find_header(rows: Sequence[Record], format: Format) -> Header:
    """Return the names of the columns. rows: the first rows that have a cell.

    Raises:
        UserError: `format.header` is None, and the first row is all numbers.
    """
    columns = width([row for row in rows if not row.is_comment] or rows)
    start = 0 if format.skip is not None else _start(rows, columns)
    first = rows[start]
    notes = [f"lines before line {first.first} are skipped"] if start else []
    if format.header is False:
        fields = len(first.fields)
        notes.append(f"columns named x1{f' to x{fields}' if fields > 1 else ''}")
        return Header(numbered(fields), rows[start:], first.first - 1, notes)
    if format.header is None and first.filled and all(map(is_number, first.filled)):
        raise UserError(
            f"line {first.first} is all numbers ({shown(', '.join(first.filled[:3]))}, …). Set"
            " dataset.header=false if the file has no names, or dataset.header=true if these are"
            " the names."
        )
    count, joined = format.header_rows or 1, (format.header_rows or 1) > 1
    if format.header_rows is None:
        count, joined = _detected(rows[start:])
    used = rows[start : start + count]
    body = rows[start + count :]
    if joined:
        names = join_names([row.fields for row in used])
        notes.append(f"names joined from {count} rows")
        return Header(names, body, used[-1].last, notes)
    if count > 1:
        cells = listed(cell for row in used[1:] for cell in row.filled)
        notes.append(
            f"{'a row' if count == 2 else f'{count - 1} rows'} of text below the names skipped:"
            f" {cells}; dataset.header_rows=1 reads it as data"
        )
    names, fitting_notes = _fit_names(_names(first), body, columns)
    return Header(names, body, used[-1].last, notes + fitting_notes)


# Above the names


def _start(rows: Sequence[Record], columns: int) -> int:
    """Return the row of the names; above it are comments, titles or notes."""
    start = next((i for i in range(len(rows)) if not _is_above(rows[i : i + 2], columns)), 0)
    for i in range(start + 1, min(len(rows) - 1, LAST_START)):
        above = rows[start:i]
        gap = rows[i].first > above[-1].last + 1
        are_notes = all(len(row.filled) < columns and not row.has_number for row in above)
        if gap and are_notes and _is_complete(rows[i], columns) and rows[i + 1].has_number:
            return i
    return start


def _is_complete(row: Record, columns: int) -> bool:
    """Return whether a row has a text in each column."""
    return len(row.filled) == len(row.fields) == columns and not row.has_number


def _is_above(rows: Sequence[Record], fields: int) -> bool:
    """Return whether the first of two rows is a comment or a title above the names.

    fields: the usual number. Names may be one less, if there are numbers below.
    """
    if len(rows) == 1:
        return False
    row, below = rows
    numbers = below.has_number and not below.is_comment
    if row.is_comment:
        return not (numbers and len(_names(row)) == fields > 1)
    if len(row.fields) >= fields and (len(row.filled) > 1 or fields == 1):
        return False
    return not (numbers and len(row.fields) >= fields - 1 and len(below.fields) == fields)


# Several rows of names, units or types


def _detected(rows: Sequence[Record]) -> tuple[int, bool]:
    """Return the number of rows from the names to the data, and whether to join them as names.

    They are joined if the first row alone has no distinct names, and are skipped otherwise, as
    units, types or descriptions. The last of them has text in columns of numbers.
    """
    names = _names(rows[0])
    is_merged = any(not name for name in names[1:-1])
    if len({*names}) < len(names) or is_merged:
        for count in range(2, min(MOST_ROWS, len(rows) - FEWEST_BELOW) + 1):
            joined = join_names([row.fields for row in rows[:count]])
            distinct = len({*joined}) == len(joined) and all(joined[1:])
            if distinct and _describes(rows[count - 1], rows[count:]):
                return count, True
        return 1, False
    count = 1
    while count < min(MOST_ROWS, len(rows)) and _describes(rows[count], rows[count + 1 :]):
        count += 1
    return count, False


def _describes(row: Record, below: Sequence[Record]) -> bool:
    """Return whether a row has text, and no number, in most columns of numbers below it."""
    fits = [r.fields for r in below[:BELOW] if len(r.fields) == len(row.fields)]
    if len(fits) < FEWEST_BELOW or row.has_number:
        return False
    numeric = texts = 0
    for cell, column in zip(row.fields, zip(*fits, strict=True), strict=True):
        filled = [c.strip() for c in column if c.strip().upper() not in MISSING]
        if len(filled) < FEWEST_BELOW or sum(map(is_number, filled)) < MOSTLY * len(filled):
            continue
        numeric += 1
        text = cell.strip()
        # a word that occurs further down, too, is a code for a missing number
        texts += text.upper() not in MISSING and text not in filled
    return texts > 0 and 2 * texts >= numeric


def join_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names of columns whose parts stand in several rows: day 1_IL6, day 1_TNF.

    An empty cell continues the name to its left, as a merged cell of a workbook does, except in
    the last row. A row that has one name for all columns is left out.
    """
    columns = max(map(len, rows))
    parts = [[cell.strip() for cell in row] + [""] * (columns - len(row)) for row in rows]
    distinct = [row for row in parts if columns < 3 or len({*row[1:]} - {""}) != 1]
    if distinct:
        parts = distinct
    for row in parts[:-1]:
        for j in range(2, columns):
            row[j] = row[j] or (row[j - 1] if parts[-1][j] else "")
    return [BETWEEN.join(filter(None, column)) for column in zip(*parts, strict=True)]


# Names of one row


def _names(row: Record) -> list[str]:
    """Return the fields, without the # that numpy.savetxt and others write before the first."""
    first = row.fields[0].strip()
    names = [first.lstrip("# ") if row.is_comment else first, *map(str.strip, row.fields[1:])]
    return names[1:] if row.is_comment and not names[0] else names


def _fit_names(
    names: list[str], body: Sequence[Record], fields: int
) -> tuple[list[str], list[str]]:
    """Return a name for each field, and notes; the file may have one name too few or too many."""
    if len(names) == fields + 1 and not names[-1]:
        return names[:-1], []
    complete = [row.fields for row in body if len(row.fields) == fields]
    if len(names) != fields - 1 or not complete:
        return names, []
    if not any(row[-1].strip() for row in complete):  # a separator ends each row
        return [*names, ""], []
    row_names = {row[0] for row in complete}
    if len(names) > 1 and len(row_names) == len(complete) == len(body) > 1:  # as R writes them
        return ["", *names], ["the first column has no name"]
    return names, []
