"""The layout of a delimited text file, detected from its first lines: separator, names, style."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product

from aeexp.config.spec import Format
from aeexp.data.io.cells import UNIT, Style
from aeexp.data.io.encoding import single_blanks
from aeexp.data.io.header import find_header
from aeexp.data.io.names import shown
from aeexp.data.io.records import MARKS, NUMBERS, Record, Skip, records, width
from aeexp.errors import UserError
from aeexp.text import counted

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
UNIT_AT_END = re.compile(rf"(?<=[0-9])[ \xa0]?{UNIT}$")
COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Layout:
    """How a file is written.

    names: as in the file. skipped: the number of lines before the first row of data. skip: which
    records below are no rows. notes: sentences on detected properties.
    """

    separator: str
    names: list[str]
    skipped: int
    style: Style
    skip: Skip
    notes: tuple[str, ...]


def detect_layout(head: str, format: Format, usual: str) -> Layout:
    """Detect how a file is written.

    head: its first lines. format: what the user has set, which is not detected. usual: the
    separator that the file name implies, which needs no note.

    Raises:
        UserError: There are no cells, the names are all numbers, or a comma is ambiguous.
    """
    separator = _separator(head, format)
    rows = _head_records(head, separator, format)
    skip = Skip((*format.comment, *_marks(rows)))
    comments = [row for row in rows if skip.is_comment(row.fields[0])]
    rows = [row for row in rows if not skip.is_comment(row.fields[0])]
    if not rows:
        reason = "no line has a cell" if head.strip() else "the file is empty"
        raise UserError(f"it has 0 data rows: {reason}.")
    header = find_header(rows, format)
    style = _style([cell for row in header.body for cell in row.fields], format)
    detected = []
    if above := sum(row.last <= header.skipped for row in comments):
        detected.append(f"{counted(above, 'comment')} above the names skipped")
    if len(header.names) > 1 and separator != usual:
        detected.append(f"separator {DISPLAYED.get(separator, repr(separator))}")
    if style.decimal != ".":
        detected.append(f"decimal {style.decimal!r}")
    if style.thousands:
        detected.append(f"thousands {style.thousands!r}")
    notes = (*detected, *header.notes)
    return Layout(separator, header.names, header.skipped, style, skip, notes)


def _marks(rows: Sequence[Record]) -> list[str]:
    """Return the marks that begin rows with an unusual number of fields, and so are comments.

    A # may also be a mark of the names; see `find_header`.
    """
    usual = width(rows)
    starts = [row.fields[0].lstrip() for row in rows if len(row.fields) != usual]
    return [mark for mark in MARKS[1:] if any(start.startswith(mark) for start in starts)]


def _head_records(head: str, separator: str, format: Format) -> list[Record]:
    """Return the first rows that have a cell, up to the first error of quotation marks."""
    text = single_blanks(head) if separator == BLANK else head
    every = records(io.StringIO(text, newline=""), separator)
    filled = (row for row in every if row.filled and row.first > (format.skip or 0))
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
    scores = {mark: _score(_head_records(head, mark, format)) for mark in SEPARATORS}
    name, *lines = [line.strip() for line in head.splitlines()[:HEAD_ROWS] if line.strip()] or [""]
    if lines and "," not in name and all(map(COMMA_NUMBER.fullmatch, lines)):
        scores[","] = 0.0  # one column of numbers with decimal commas
    best = max(SEPARATORS, key=lambda mark: scores[mark])
    if scores[best] >= MIN_SCORE:
        return best
    return BLANK if _is_blank_separated(head, format) else SINGLE_COLUMN


def _score(rows: Sequence[Record]) -> float:
    """Return the share of rows, or of their second half, that have the usual number of fields."""
    fields = width(rows)
    fits = [len(row.fields) == fields > 1 for row in rows]
    second = fits[len(fits) // 2 :]
    return max(sum(fits) / len(fits), sum(second) / len(second)) if fits else 0.0


def _is_blank_separated(head: str, format: Format) -> bool:
    """Return whether blanks separate numbers in every row below at most one row of names."""
    rows = _head_records(head, BLANK, format)
    body = [row for row in rows if not row.is_comment][1:]
    if not body or _score(body) < 1:
        return False
    return all(NUMBERS[0].fullmatch(cell.replace(",", ".")) for row in body for cell in row.fields)


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
