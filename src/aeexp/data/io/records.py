"""The rows of a delimited text, with the lines that they stand in."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

BLANK = " "
HEAD = 200  # rows that tell how a file is laid out


@dataclass(frozen=True)
class Record:
    """The fields of one row of a file, which begins and ends in these lines."""

    first: int
    last: int
    fields: list[str]

    @property
    def filled(self) -> list[str]:
        """Return the fields that are not empty."""
        return [field.strip() for field in self.fields if field.strip()]

    @property
    def is_comment(self) -> bool:
        """Tell whether it begins with #, as a comment does, or a header after one."""
        return self.fields[0].lstrip().startswith("#")


def records(lines: Iterable[str], separator: str, **dialect: Any) -> Iterator[Record]:
    """Yield the rows of a text that are not blank."""
    reader = csv.reader(lines, delimiter=separator, **dialect)
    first = 1
    for fields in reader:
        if fields:
            yield Record(first, reader.line_num, fields)
        first = reader.line_num + 1


def head_records(head: str, separator: str) -> list[Record]:
    """Return the first rows that have a cell, as far as quotation marks are in order."""
    text = single_blanks(head) if separator == BLANK else head
    rows: list[Record] = []
    every = (r for r in records(io.StringIO(text, newline=""), separator) if r.filled)
    try:
        for row in islice(every, HEAD):
            rows.append(row)  # noqa: PERF402  (what came before an error is kept)
    except csv.Error:
        return rows
    return rows


def single_blanks(text: str) -> str:
    """Return lines of fields between single blanks."""
    return re.sub(r"[ \t]+", " ", re.sub(r"(?m)^[ \t]+|[ \t]+(?=[\r\n]|\Z)", "", text))
