"""How a delimited text file is laid out: separator, header and marks, told from its head."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from aeexp.config.spec import Format
from aeexp.data.io.cells import Style
from aeexp.data.io.header import header, width
from aeexp.data.io.names import shown
from aeexp.data.io.records import BLANK, HEAD, Record, head_records
from aeexp.errors import UserError

SEPARATORS = "\t;|,"  # in this order where several would do: a comma may be a decimal mark
ALONE = "\t"  # of a single column, which may hold commas
SPOKEN = {"tab": "\t", "\\t": "\t", "blank": BLANK}
SAID = {"\t": "tab", BLANK: "blanks"}
CLEARLY = 0.5  # share of rows that a separator has to fit
CELLS = 200_000
STYLES = [
    Style(decimal, thousands)
    for thousands, decimal in product((None, ",", ".", " ", "'", "\u00a0", "\u202f"), ".,")
    if thousands != decimal
]
NUMBER = re.compile(Style().pattern)
COMMA_NUMBER = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Layout:
    """What a file's head tells. names: as they stand there; skipped: lines before the rows."""

    separator: str
    names: list[str]
    skipped: int
    style: Style
    notes: tuple[str, ...]


def lay_out(head: str, format: Format, usual: str) -> Layout:
    """Tell how a file is laid out.

    usual: the separator that its ending promises, which is not remarked upon.

    Raises:
        UserError: There is nothing, the first line is no header, or numbers are ambiguous.
    """
    separator = _separator(head, format)
    rows = head_records(head, separator)
    if not rows:
        what = "none of its lines has a cell" if head.strip() else "the file is empty"
        message = f"it has 0 data rows: {what}."
        raise UserError(message)
    found = header(rows, format.header)
    style = _style([cell for row in found.body for cell in row.fields], format)
    marks = _marks(separator if len(found.names) > 1 else usual, usual, style)
    return Layout(separator, found.names, found.skipped, style, (*marks, *found.notes))


def _separator(head: str, format: Format) -> str:
    if format.separator is not None:
        return SPOKEN.get(format.separator, format.separator)
    scores = {mark: _score(head_records(head, mark)) for mark in SEPARATORS}
    if _decimal_commas(head):
        scores[","] = 0.0
    best = max(SEPARATORS, key=lambda mark: scores[mark])
    if scores[best] >= CLEARLY:
        return best
    return BLANK if _blank_separated(head) else ALONE


def _score(rows: Sequence[Record]) -> float:
    """Return the share of rows, or of the later half, that have the usual number of fields."""
    fields = width(rows)
    fit = [len(row.fields) == fields > 1 for row in rows]
    later = fit[len(fit) // 2 :]
    return max(sum(fit) / len(fit), sum(later) / len(later)) if fit else 0.0


def _decimal_commas(head: str) -> bool:
    """Tell whether the file is one column of numbers that have decimal commas, under a name."""
    lines = [line.strip() for line in head.splitlines()[:HEAD] if line.strip()]
    return len(lines) > 1 and "," not in lines[0] and all(map(COMMA_NUMBER.fullmatch, lines[1:]))


def _blank_separated(head: str) -> bool:
    """Tell whether runs of blanks clearly separate numbers, below at most one line of names."""
    rows = head_records(head, BLANK)
    body = [row for row in rows if not row.is_comment][1:]
    if not body or _score(body) < 1:
        return False
    return all(NUMBER.fullmatch(cell.replace(",", ".")) for row in body for cell in row.fields)


def _style(cells: Sequence[str], format: Format) -> Style:
    """Return the style in which most cells are numbers; the plainest of several.

    Raises:
        UserError: A comma may be a decimal mark or stand between thousands.
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
        raise UserError(message)
    return best


def _marks(separator: str, usual: str, style: Style) -> Iterator[str]:
    if separator != usual:
        yield f"separator {SAID.get(separator, repr(separator))}"
    if style.decimal != ".":
        yield f"decimal {style.decimal!r}"
    if style.thousands:
        yield f"thousands {style.thousands!r}"
