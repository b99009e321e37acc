"""Parts of the report: tables and figures under a heading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from aeexp.config import metrics
from aeexp.present.html.run.importance import number_in
from aeexp.present.html.run.pictures import Picture
from aeexp.present.html.table import Cell, Sheet, measured

MOST_LINES = 200


@dataclass(frozen=True)
class Part:
    """A table, and how it is read. folded: whether it is shown only when it is asked for."""

    sheet: Sheet
    note: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A heading, what is below it, and the name by which links lead to it."""

    name: str
    title: str
    intro: str
    parts: Sequence[Part]
    pictures: Sequence[Picture]

    def __bool__(self) -> bool:
        """Return whether it has anything to show."""
        return bool(self.parts or self.pictures)


def sheet(
    title: str,
    rows: Sequence[Mapping[str, str]],
    texts: Mapping[str, str],
    numbers: Mapping[str, str],
) -> Sheet:
    """Return a table as far as its rows have the columns.

    texts, numbers: what stands above the columns with these names, of which those without any
    number are left out. Of a column `number`, which has names of metrics, cells say what they
    mean. Of further rows than 200 only the count is told.
    """
    there = [*rows[0]] if rows else []
    words = [name for name in texts if name in there]
    figures = [name for name in numbers if any(isfinite(number_in(row, name)) for row in rows)]
    heads = [*(texts[name] for name in words), *(numbers[name] for name in figures)]
    lines = [
        [
            *(_word(name, row[name]) for name in words),
            *(measured(number_in(row, name)) for name in figures),
        ]
        for row in rows[:MOST_LINES]
    ]
    more = f" (the first {MOST_LINES} of {len(rows):,})" if len(rows) > MOST_LINES else ""
    return Sheet(title + more, heads, lines)


def _word(column: str, text: str) -> Cell:
    return Cell(metrics.title(text), title=text) if column == "number" else Cell(text)


def number_of(value: Any) -> float:
    """Return a number that a JSON file has, null being none."""
    return nan if value is None else float(value)
