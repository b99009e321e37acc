"""The records of a delimited text: their fields, and which of them are no rows of the table."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aeexp.data.io.cells import Style
from aeexp.data.io.names import LISTED, listed
from aeexp.text import counted

NUMBERS = (re.compile(Style(".").pattern), re.compile(Style(",").pattern))
MARKS = ("#", "!", "%", "//")
"""Marks that begin a comment in formats of instruments, databases and programs."""

MOST_GAPS = 10  # empty rows below which notes may follow


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
    def has_number(self) -> bool:
        """Return whether a field is a number."""
        return any(map(is_number, self.fields))

    @property
    def is_comment(self) -> bool:
        """Return whether it begins with #: a comment, or names after a #."""
        return self.fields[0].lstrip().startswith("#")


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


def width(rows: Sequence[Record]) -> int:
    """Return the most frequent number of fields above one; of two equally frequent, the larger."""
    counts = Counter(len(row.fields) for row in rows if len(row.fields) > 1)
    return max(counts, key=lambda count: (counts[count], count), default=1)


def is_number(text: str) -> bool:
    """Return whether a cell is a number with a decimal point or comma."""
    return any(number.fullmatch(text.strip()) for number in NUMBERS)


@dataclass
class Tally:
    """What was left out of a text: the numbers of empty rows and of comments.

    rows: the number of rows so far. gaps: the number of rows above each of the last empty ones.
    examples: the first comments.
    """

    rows: int = 0
    empty: int = 0
    comments: int = 0
    gaps: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_GAPS))
    examples: list[str] = field(default_factory=list)

    def add_comments(self, comments: Sequence[str]) -> None:
        """Count comments."""
        self.comments += len(comments)
        self.examples += comments[: LISTED - len(self.examples)]

    def notes(self) -> Iterator[str]:
        """Yield notes on it."""
        if self.empty:
            yield f"{counted(self.empty, 'empty row')} left out"
        if self.comments:
            lines = counted(self.comments, "line")
            yield f"{lines} left out as comments: {listed(self.examples)}"


@dataclass(frozen=True)
class Skip:
    """Which records below the names are no rows: those without a cell, comments, and notes below.

    comments: the marks with which a comment begins; a word must be the whole first cell. ragged:
    whether records with another number of fields are notes. rows: the number of rows above notes.
    """

    comments: tuple[str, ...] = ()
    ragged: bool = False
    rows: int | None = None

    def is_comment(self, cell: str) -> bool:
        """Return whether a record is a comment, by its first cell."""
        text = cell.strip()
        return any(
            text == mark if mark[-1:].isalnum() else text.startswith(mark)
            for mark in self.comments
        )

    def is_row(self, record: Record) -> bool:
        """Return whether a record with as many fields as names is a row."""
        return bool(record.filled) and not self.is_comment(record.fields[0])

    def rows_of(self, batch: pa.RecordBatch, tally: Tally) -> pa.RecordBatch:
        """Return the records of a batch that are rows, and count the others."""
        first = pc.utf8_trim_whitespace(batch.column(0))
        empty = pc.equal(first, "")
        for column in batch.columns[1:]:
            if not pc.any(empty).as_py():
                break
            empty = pc.and_(empty, pc.equal(pc.utf8_trim_whitespace(column), ""))
        no_row = empty.to_numpy(zero_copy_only=False)
        if no_row.any():
            tally.empty += int(no_row.sum())
            above = tally.rows + np.cumsum(~no_row)[no_row]
            tally.gaps.extend(dict.fromkeys(above[-MOST_GAPS:].tolist()))
        for mark in self.comments:
            match = pc.equal if mark[-1:].isalnum() else pc.starts_with
            comment = match(first, mark).to_numpy(zero_copy_only=False)
            tally.add_comments(pc.filter(first, pa.array(comment)).to_pylist())
            no_row = no_row | comment
        if no_row.any():
            batch = batch.filter(pa.array(~no_row))
        if self.rows is not None:
            batch = batch.slice(0, self.rows - tally.rows)
        tally.rows += batch.num_rows
        return batch
