"""The tables of a page: their cells and the values that they are sorted by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

from aeexp.analysis.spread import Spread
from aeexp.config import metrics
from aeexp.present.text.sweep import spread_text
from aeexp.text import number

MAX_ROWS = 200
TEXT_COLUMNS = {
    *("best", "cluster", "clustering", "control", "factor", "feature", "flag", "input", "label"),
    *("made_by", "measure", "method", "model", "number", "of", "reproducible", "row", "status"),
}
"""Columns of a run's tables that hold text. All others hold numbers."""

Record = Mapping[str, Any]
"""A row of a table by the names of its columns; text, or numbers in any form."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    value: the number that the cell is sorted by; None to sort it by its text.
    links: addresses by their texts, shown instead of the text.
    title: an explanation shown when the pointer is over the cell.
    """

    text: str = ""
    value: float | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    best: bool = False
    status: bool = False
    title: str = ""


@dataclass(frozen=True)
class Table:
    """A table with one cell per column in each row. Pages leave out tables without rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def kinds(self) -> list[str]:
        """Return how each column is sorted: as "text" if a cell holds text, else "number"."""
        return [
            "text" if any(cell.value is None and cell.text for cell in column) else "number"
            for column in zip(*self.rows, strict=True)
        ]


def value_cell(text: str) -> Cell:
    """Return the cell of a value of an override, sorted as a number if it is one."""
    try:
        value = float(text)
    except ValueError:
        return Cell(text)
    return Cell(text, value if isfinite(value) else None)


def number_cell(value: float | None) -> Cell:
    """Return the cell of a number; empty for None, infinity and NaN."""
    return Cell() if value is None or not isfinite(value) else Cell(three_digits(value), value)


def three_digits(value: float) -> str:
    """Return an integer in full, another number with three significant digits."""
    return number(value if float(value).is_integer() else float(f"{value:.3g}"))


def spread_cell(spread: Spread, *, best: bool = False) -> Cell:
    """Return the cell of a mean and its standard deviation, sorted by the mean."""
    return Cell(spread_text(spread), spread.mean, best=best) if spread.n else Cell()


def table_of(
    title: str, records: Sequence[Record], headings: Mapping[str, str] | None = None
) -> Table:
    """Return a table of the first 200 records.

    Columns that the records lack are left out; so are number columns and records without any
    number. A column named `number` holds names of metrics; its cells show their titles.

    headings: the heading of each column by its name; by default all columns and their names.
    """
    first = records[0] if records else {}
    headings = {name: name for name in first} if headings is None else headings
    texts = [name for name in headings if name in TEXT_COLUMNS and name in first]
    numbers = [
        name
        for name in headings.keys() - TEXT_COLUMNS
        if any(isfinite(number_in(record, name)) for record in records)
    ]
    rows = [record for record in records if any(isfinite(number_in(record, n)) for n in numbers)]
    names = [name for name in headings if name in {*texts, *numbers}]
    more = f" (the first {MAX_ROWS} of {len(rows):,})" if len(rows) > MAX_ROWS else ""
    cells = [[_cell(name, record) for name in names] for record in rows[:MAX_ROWS]]
    return Table(title + more, [headings[name] for name in names], cells)


def number_in(record: Record, column: str) -> float:
    """Return the number in a column; NaN if the cell is empty or the column is missing."""
    value = record.get(column)
    return nan if value is None or value == "" else float(value)


def _cell(column: str, record: Record) -> Cell:
    if column not in TEXT_COLUMNS:
        return number_cell(number_in(record, column))
    text = record[column]
    return Cell(metrics.title(text), title=text) if column == "number" else Cell(text)
