"""A table of a page: what stands in its cells, and what they are sorted by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from aeexp.text import number


@dataclass(frozen=True)
class Cell:
    """What a cell shows.

    value: what it is sorted by if a number. links: texts and where to. title: what else is said
    of it.
    """

    text: str = ""
    value: float | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    best: bool = False
    status: bool = False
    title: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table: a cell for each of the columns in each row."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def kinds(self) -> list[str]:
        """Return what each column is sorted as: a number if none of its cells is text."""
        by_column = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.columns)
        return [
            "text" if any(cell.value is None and cell.text for cell in column) else "number"
            for column in by_column
        ]


def said(text: str) -> Cell:
    """Return the cell of a value that a user said, sorted as a number if it is one."""
    try:
        value = float(text)
    except ValueError:
        return Cell(text)
    return Cell(text, value if isfinite(value) else None)


def measured(value: float, *, best: bool = False) -> Cell:
    """Return the cell of a number, empty where there is none."""
    return Cell(number(value), value, best=best) if isfinite(value) else Cell()
