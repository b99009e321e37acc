"""How a delimited text file is laid out: separator, header and marks, told from its head."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from aeexp.reading.cells import Style
from aeexp.reading.names import numbered, shown
from aeexp.reading.source import single_blanks
from aeexp.spec import Format

SEPARATORS = "\t;|,"  # in this order where several would do: a comma may be a decimal mark
BLANK = " "
ALONE = "\t"  # of a single column, which may hold commas
SPOKEN = {"tab": "\t", "\\t": "\t", "blank": BLANK}
SAID = {"\t": "tab", BLANK: "blanks"}
RECORDS = 200  # lines looked at
CELLS = 200_000
STYLES = [
    Style(decimal, thousands)
    for thousands, decimal in product((None, ",", ".", " ", "'", "\u00a0", "\u202f"), ".,")
    if thousands != decimal
]
FROM_COMMENT = "the names come from the comment before the table"
NUMBER = re.compile(Style().pattern)
COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Record:
    """The fields of one row of a file, which begins and ends in these lines."""

    first: int
    last: int
    fields: list[str]


@dataclass(frozen=True)
class Layout:
    """What a file's head tells. names: as they stand there; skipped: lines before the rows."""

    separator: str
    names: list[str]
    skipped: int
    style: Style
    notes: tuple[str, ...]


def records(lines: Iterable[str], separator: str, **dialect: Any) -> Iterator[Record]:
    """Yield the rows of a text that are not empty."""
    reader = csv.reader(lines, delimiter=separator, **dialect)
    first = 1
    for fields in reader:
        if fields:
            yield Record(first, reader.line_num, fields)
        first = reader.line_num + 1


def lay_out(head: str, format: Format, usual: str) -> Layout:  # noqa: A002  (the user's word)
    """Tell how a file is laid out.

    usual: the separator that its ending promises, which is not remarked upon.

    Raises:
        ValueError: There is nothing, the first line is no header, or numbers are ambiguous.
    """
    separator = _separator(head, format)
    rows = _head_records(head, separator)
    if not rows:
        message = "it has 0 data rows: the file is empty."
        raise ValueError(message)
    width = _width(rows)
    start = _start(rows, width)
    names, body, notes = _header(rows, start, width, format)
    skipped = body[0].first - 1 if body else rows[-1].last
    style = _style([cell for row in body for cell in row.fields], format)
    if start and rows[start].first > 1 and FROM_COMMENT not in notes:
        notes.append(f"lines 1 to {rows[start].first - 1}, before the table, are not read")
    marks = _marks(separator if len(names) > 1 else usual, usual, style)
    return Layout(separator, names, skipped, style, (*marks, *notes))


def _separator(head: str, format: Format) -> str:  # noqa: A002
    if format.separator is not None:
        return SPOKEN.get(format.separator, format.separator)
    scores = {mark: _score(_head_records(head, mark)) for mark in SEPARATORS}
    if _decimal_commas(head):
        scores[","] = 0.0
    best = max(SEPARATORS, key=lambda mark: scores[mark])
    if scores[best]:
        return best
    return BLANK if _blank_separated(head) else ALONE


def _score(rows: Sequence[Record]) -> float:
    """Return the share of rows that have the usual number of fields, if that is more than one."""
    width = _width(rows) if rows else 1
    return 0.0 if width < 2 else sum(len(row.fields) == width for row in rows) / len(rows)


def _decimal_commas(head: str) -> bool:
    """Tell whether the file is one column of numbers that have decimal commas, under a name."""
    lines = [line.strip() for line in head.splitlines()[:RECORDS] if line.strip()]
    return len(lines) > 1 and "," not in lines[0] and all(map(COMMA_NUMBER.fullmatch, lines[1:]))


def _blank_separated(head: str) -> bool:
    """Tell whether runs of blanks clearly separate numbers, below at most one line of names."""
    rows = _head_records(head, BLANK)
    body = [row for row in rows if not row.fields[0].startswith("#")][1:]
    if not body or _score(body) < 1:
        return False
    return all(NUMBER.fullmatch(cell.replace(",", ".")) for row in body for cell in row.fields)


def _head_records(head: str, separator: str) -> list[Record]:
    text = single_blanks(head) if separator == BLANK else head
    rows: list[Record] = []
    try:
        rows.extend(islice(records(io.StringIO(text, newline=""), separator), RECORDS))
    except csv.Error:
        return rows
    return rows


def _width(rows: Sequence[Record]) -> int:
    return Counter(len(row.fields) for row in rows).most_common(1)[0][0]


def _start(rows: Sequence[Record], width: int) -> int:
    """Return which row is the table's first: comments and shorter lines before it are skipped."""
    for index, row in enumerate(rows[:-1]):
        if row.fields[0].lstrip().startswith("#") or _is_preamble(row, rows[index + 1], width):
            continue
        return index
    return len(rows) - 1 if rows[-1].fields and len(rows[-1].fields) >= width else 0


def _is_preamble(row: Record, following: Record, width: int) -> bool:
    """Tell a line before the table from a header that lacks a name for the first or last field."""
    if len(row.fields) >= width:
        return False
    headed = len(row.fields) == width - 1 > 1 and len(following.fields) == width
    return not (headed and any(map(_is_number, following.fields)))


def _header(
    rows: Sequence[Record],
    start: int,
    width: int,
    format: Format,  # noqa: A002
) -> tuple[list[str], Sequence[Record], list[str]]:
    """Return the names, the rows below them, and what is to be said of both."""
    fields = [field.strip() for field in rows[start].fields]
    filled = [field for field in fields if field]
    numbers = bool(filled) and all(map(_is_number, filled))
    if numbers and format.header is None and (names := _commented(rows[:start], width)):
        return names, rows[start:], [FROM_COMMENT]
    if format.header is False:
        notes = [f"the columns are called {_range(len(fields))}"]
        return numbered(len(fields)), rows[start:], notes
    if numbers and format.header is None:
        message = (
            f"line {rows[start].first} is all numbers ({shown(', '.join(filled[:3]))}, …), not names:"
            " say dataset.header=false if it has no names, or dataset.header=true if these are"
            " names."
        )
        raise ValueError(message)
    names, notes = _fitting(fields, rows[start + 1 :], width)
    return names, rows[start + 1 :], notes


def _range(columns: int) -> str:
    return "x1" if columns == 1 else f"x1 to x{columns}"


def _commented(before: Sequence[Record], width: int) -> list[str]:
    """Return the names that `numpy.savetxt` writes behind a #, if there are any."""
    if not before or not before[-1].fields[0].lstrip().startswith("#"):
        return []
    fields = [before[-1].fields[0].lstrip("# "), *before[-1].fields[1:]]
    names = [name.strip() for name in (fields if fields[0] else fields[1:])]
    return names if len(names) == width else []


def _fitting(names: list[str], body: Sequence[Record], width: int) -> tuple[list[str], list[str]]:
    """Return names for all fields, where the header has one less or one more than there are."""
    if len(names) == width + 1 and not names[-1]:
        return names[:-1], []
    wide = [row.fields for row in body if len(row.fields) == width]
    if len(names) != width - 1 or not wide:
        return names, []
    if not any(fields[-1].strip() for fields in wide):
        return [*names, ""], []
    if len(names) > 1 and len({fields[0] for fields in wide}) == len(wide) == len(body) > 1:
        return ["", *names], ["the header has a name less than there are fields"]
    return names, []


def _is_number(text: str) -> bool:
    return any(re.fullmatch(style.pattern, text.strip()) for style in STYLES[:2])


def _style(cells: Sequence[str], format: Format) -> Style:  # noqa: A002
    """Return the style in which most cells are numbers; the plainest of several.

    Raises:
        ValueError: A comma may be a decimal mark or stand between thousands.
    """
    candidates = [
        style
        for style in STYLES
        if format.decimal in (None, style.decimal) and format.thousands in (None, style.thousands)
    ] or [Style(format.decimal or ".", format.thousands)]
    marked = {cell.strip() for cell in cells[:CELLS] if not cell.strip().isalnum()}
    counts = {
        style: sum(map(bool, map(re.compile(style.pattern).fullmatch, marked)))
        for style in candidates
    }
    best = max(candidates, key=lambda style: counts[style])
    other = Style(".", ",")
    if best == Style(",") and counts.get(other) == counts[best]:
        cell = next(cell for cell in sorted(marked) if re.fullmatch(other.pattern, cell))
        message = (
            f"'{shown(cell)}' may be {cell.replace(',', '.')} or {cell.replace(',', '')}:"
            " say dataset.decimal=',' or dataset.thousands=','."
        )
        raise ValueError(message)
    return best


def _marks(separator: str, usual: str, style: Style) -> Iterator[str]:
    if separator != usual:
        yield f"separator {SAID.get(separator, repr(separator))}"
    if style.decimal != ".":
        yield f"decimal '{style.decimal}'"
    if style.thousands:
        yield f"thousands '{style.thousands}'"
