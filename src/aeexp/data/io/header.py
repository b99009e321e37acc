"""Where in a delimited text the table begins, and what its columns are called."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aeexp.data.io.cells import Style
from aeexp.data.io.names import numbered, shown
from aeexp.data.io.records import Record
from aeexp.errors import UserError

STYLES = (re.compile(Style(".").pattern), re.compile(Style(",").pattern))


@dataclass(frozen=True)
class Header:
    """The names as they stand there, the rows below, and how many lines come before those."""

    names: list[str]
    body: Sequence[Record]
    skipped: int
    notes: list[str]


def width(rows: Sequence[Record]) -> int:
    """Return how many fields rows usually have, if they have several; of two, the larger."""
    counts = Counter(len(row.fields) for row in rows if len(row.fields) > 1)
    return max(counts, key=lambda count: (counts[count], count), default=1)


def header(rows: Sequence[Record], header: bool | None) -> Header:
    """Return the names above a table.

    header: whether there are any; None refuses those that are all numbers.

    Raises:
        UserError: They are all numbers.
    """
    fields = width([row for row in rows if not row.is_comment] or rows)
    start = next((i for i in range(len(rows)) if not _is_before(rows[i : i + 2], fields)), 0)
    first = rows[start]
    before = first.first - 1
    notes = [f"what stands before line {before + 1} is not read"] if start else []
    if header is False:
        columns = len(first.fields)
        notes.append(f"the columns are called x1{f' to x{columns}' if columns > 1 else ''}")
        return Header(numbered(columns), rows[start:], before, notes)
    if header is None and first.filled and all(map(is_number, first.filled)):
        message = (
            f"line {first.first} is all numbers ({shown(', '.join(first.filled[:3]))}, …), not"
            " names: say dataset.header=false if there are no names, or dataset.header=true if"
            " these are names."
        )
        raise UserError(message)
    body = rows[start + 1 :]
    names, said = _fitting(_uncommented(first), body, fields)
    return Header(names, body, first.last, notes + said)


def is_number(text: str) -> bool:
    """Tell whether a text is a number, with either decimal mark."""
    return any(style.fullmatch(text.strip()) for style in STYLES)


def _is_before(rows: Sequence[Record], fields: int) -> bool:
    """Tell whether the first of two rows, a comment or a title, is above the table and no header.

    A header may have a name less than there are fields, but numbers below it.
    """
    if len(rows) == 1:
        return False
    row, below = rows
    numbers = any(map(is_number, below.fields)) and not below.is_comment
    if row.is_comment:
        return not (numbers and len(_uncommented(row)) == fields > 1)
    if len(row.fields) >= fields and (len(row.filled) > 1 or fields == 1):
        return False
    return not (numbers and len(row.fields) >= fields - 1 and len(below.fields) == fields)


def _uncommented(row: Record) -> list[str]:
    """Return names without the # that NumPy and others write before the first."""
    first = row.fields[0].strip()
    names = [first.lstrip("# ") if row.is_comment else first, *map(str.strip, row.fields[1:])]
    return names[1:] if row.is_comment and not names[0] else names


def _fitting(names: list[str], body: Sequence[Record], fields: int) -> tuple[list[str], list[str]]:
    """Return names for all fields, where the header has one less or one more than there are."""
    if len(names) == fields + 1 and not names[-1]:
        return names[:-1], []
    wide = [row.fields for row in body if len(row.fields) == fields]
    if len(names) != fields - 1 or not wide:
        return names, []
    if not any(row[-1].strip() for row in wide):
        return [*names, ""], []
    if len(names) > 1 and len({row[0] for row in wide}) == len(wide) == len(body) > 1:
        return ["", *names], ["the header has a name less than there are fields"]
    return names, []
