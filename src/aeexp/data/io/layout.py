"""The layout of a delimited text file, detected from its first lines: separator, names, style."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from aeexp.config.spec import Format
from aeexp.data.io.cells import UNIT, Style
from aeexp.data.io.encoding import single_blanks
from aeexp.data.io.names import numbered, shown
from aeexp.errors import UserError

BLANK = " "
SEPARATORS = "\t;|,"  # in order of preference: a comma may be a decimal mark
SINGLE_COLUMN = "\t"  # the separator of a file with one column, which may contain commas
KEYWORDS = {"tab": "\t", "\\t": "\t", "blank": BLANK}
DISPLAYED = {"\t": "tab", BLANK: "blanks"}
MIN_SCORE = 0.5  # share of rows that a separator must divide into the same number of fields
HEAD_ROWS = 200
HEAD_CELLS = 200_000
STYLES = [
    Style(decimal, thousands)
    for thousands, decimal in product((None, ",", ".", " ", "'", "\u00a0", "\u202f"), ".,")
    if thousands != decimal
]
NUMBERS = (re.compile(Style(".").pattern), re.compile(Style(",").pattern))
UNIT_AT_END = re.compile(rf"(?<=[0-9])[ \xa0]?{UNIT}$")
COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Record:
    """The fields of a row, which extends from the line `first` to the line `last` of a file."""

    first: int
    last: int
    fields: list[str]

    @property
    def filled(self) -> list[str]:
        """Return the fields that are not empty."""
        return [field.strip() for field in self.fields if field.strip()]

    @property
    def is_comment(self) -> bool:
        """Return whether it begins with #: a comment, or names after a #."""
        return self.fields[0].lstrip().startswith("#")


@dataclass(frozen=True)
class Layout:
    """How a file is written.

    names: as in the file. skipped: the number of lines before the first row of data. notes:
    sentences on detected properties.
    """

    separator: str
    names: list[str]
    skipped: int
    style: Style
    notes: tuple[str, ...]


def detect_layout(head: str, format: Format, usual: str) -> Layout:
    """Detect how a file is written.

    head: its first lines. format: what the user has set, which is not detected. usual: the
    separator that the file name implies, which needs no note.

    Raises:
        UserError: There are no cells, the names are all numbers, or a comma is ambiguous.
    """
    separator = _separator(head, format)
    rows = _head_records(head, separator)
    if not rows:
        reason = "no line has a cell" if head.strip() else "the file is empty"
        raise UserError(f"it has 0 data rows: {reason}.")
    names, body, skipped, notes = _header(rows, format.header)
    style = _style([cell for row in body for cell in row.fields], format)
    detected = []
    if len(names) > 1 and separator != usual:
        detected.append(f"separator {DISPLAYED.get(separator, repr(separator))}")
    if style.decimal != ".":
        detected.append(f"decimal {style.decimal!r}")
    if style.thousands:
        detected.append(f"thousands {style.thousands!r}")
    return Layout(separator, names, skipped, style, (*detected, *notes))


def records(lines: Iterable[str], separator: str, **dialect: Any) -> Iterator[Record]:
    """Yield the rows of a text, without blank lines.

    Raises:
        csv.Error: A quotation mark is not closed, in a strict dialect.
    """
    reader = csv.reader(lines, delimiter=separator, **dialect)
    first = 1
    for fields in reader:
        if fields:
            yield Record(first, reader.line_num, fields)
        first = reader.line_num + 1


def _head_records(head: str, separator: str) -> list[Record]:
    """Return the first rows that have a cell, up to the first error of quotation marks."""
    text = single_blanks(head) if separator == BLANK else head
    filled = (r for r in records(io.StringIO(text, newline=""), separator) if r.filled)
    rows: list[Record] = []
    try:
        for row in islice(filled, HEAD_ROWS):
            rows.append(row)  # noqa: PERF402  (an error must not lose the rows before it)
    except csv.Error:
        return rows
    return rows


# Separator


def _separator(head: str, format: Format) -> str:
    if format.separator is not None:
        return KEYWORDS.get(format.separator, format.separator)
    scores = {mark: _score(_head_records(head, mark)) for mark in SEPARATORS}
    name, *lines = [line.strip() for line in head.splitlines()[:HEAD_ROWS] if line.strip()] or [""]
    if lines and "," not in name and all(map(COMMA_NUMBER.fullmatch, lines)):
        scores[","] = 0.0  # one column of numbers with decimal commas
    best = max(SEPARATORS, key=lambda mark: scores[mark])
    if scores[best] >= MIN_SCORE:
        return best
    return BLANK if _is_blank_separated(head) else SINGLE_COLUMN


def _score(rows: Sequence[Record]) -> float:
    """Return the share of rows, or of their second half, that have the usual number of fields."""
    fields = _width(rows)
    fits = [len(row.fields) == fields > 1 for row in rows]
    second = fits[len(fits) // 2 :]
    return max(sum(fits) / len(fits), sum(second) / len(second)) if fits else 0.0


def _width(rows: Sequence[Record]) -> int:
    """Return the most frequent number of fields above one; of two equally frequent, the larger."""
    counts = Counter(len(row.fields) for row in rows if len(row.fields) > 1)
    return max(counts, key=lambda count: (counts[count], count), default=1)


def _is_blank_separated(head: str) -> bool:
    """Return whether blanks separate numbers in every row below at most one row of names."""
    rows = _head_records(head, BLANK)
    body = [row for row in rows if not row.is_comment][1:]
    if not body or _score(body) < 1:
        return False
    return all(NUMBERS[0].fullmatch(cell.replace(",", ".")) for row in body for cell in row.fields)


# Names


def _header(
    rows: Sequence[Record], header: bool | None
) -> tuple[list[str], Sequence[Record], int, list[str]]:
    """Return the names, the rows below them, the number of lines before these rows, and notes.

    header: whether the file has names; None takes a row of text as names.

    Raises:
        UserError: `header` is None, and the first row is all numbers.
    """
    fields = _width([row for row in rows if not row.is_comment] or rows)
    start = next((i for i in range(len(rows)) if not _is_above(rows[i : i + 2], fields)), 0)
    first = rows[start]
    notes = [f"lines before line {first.first} are skipped"] if start else []
    if header is False:
        columns = len(first.fields)
        notes.append(f"columns named x1{f' to x{columns}' if columns > 1 else ''}")
        return numbered(columns), rows[start:], first.first - 1, notes
    if header is None and first.filled and all(map(_is_number, first.filled)):
        raise UserError(
            f"line {first.first} is all numbers ({shown(', '.join(first.filled[:3]))}, …). Set"
            " dataset.header=false if the file has no names, or dataset.header=true if these are"
            " the names."
        )
    body = rows[start + 1 :]
    names, fitting_notes = _fit_names(_names(first), body, fields)
    return names, body, first.last, notes + fitting_notes


def _is_number(text: str) -> bool:
    return any(number.fullmatch(text.strip()) for number in NUMBERS)


def _is_above(rows: Sequence[Record], fields: int) -> bool:
    """Return whether the first of two rows is a comment or a title above the names.

    fields: the usual number. Names may be one less, if there are numbers below.
    """
    if len(rows) == 1:
        return False
    row, below = rows
    numbers = any(map(_is_number, below.fields)) and not below.is_comment
    if row.is_comment:
        return not (numbers and len(_names(row)) == fields > 1)
    if len(row.fields) >= fields and (len(row.filled) > 1 or fields == 1):
        return False
    return not (numbers and len(row.fields) >= fields - 1 and len(below.fields) == fields)


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


# Style of numbers


def _style(cells: Sequence[str], format: Format) -> Style:
    """Return the style in which most cells are numbers; of several, the simplest.

    Raises:
        UserError: A comma may be a decimal mark or separate thousands.
    """
    candidates = [
        style
        for style in STYLES
        if format.decimal in (None, style.decimal) and format.thousands in (None, style.thousands)
    ] or [Style(format.decimal or ".", format.thousands)]
    marked = {cell.strip() for cell in cells[:HEAD_CELLS] if not cell.strip().isalnum()}
    counts = _numbers(marked, candidates)
    other = Style(".", ",")
    if not any(counts.values()):  # numbers may have units
        counts = _numbers({UNIT_AT_END.sub("", cell) for cell in marked}, candidates)
        if counts.get(Style(",")) == counts.get(other):
            return candidates[0]
    best = max(candidates, key=lambda style: counts[style])
    if best == Style(",") and counts.get(other) == counts[best]:
        cell = next(cell for cell in sorted(marked) if re.fullmatch(other.pattern, cell))
        raise UserError(
            f"'{shown(cell)}' may mean {cell.replace(',', '.')} or {cell.replace(',', '')}. Set"
            " dataset.decimal=',' or dataset.thousands=','."
        )
    return best


def _numbers(cells: Iterable[str], styles: Sequence[Style]) -> dict[Style, int]:
    """Return how many cells are numbers, for each style."""
    patterns = {style: re.compile(style.pattern) for style in styles}
    return {style: sum(map(bool, map(p.fullmatch, cells))) for style, p in patterns.items()}
