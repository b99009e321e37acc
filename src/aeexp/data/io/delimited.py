"""The rows of a delimited text file, as text."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

import pyarrow as pa
import pyarrow.csv as pacsv

from aeexp.data.io.encoding import Source
from aeexp.data.io.layout import Layout
from aeexp.data.io.records import Record, records
from aeexp.errors import UserError
from aeexp.text import counted

BLOCK = 1 << 20  # bytes parsed at a time, more where lines are long


@dataclass(frozen=True)
class Delimited:
    """Text behind its header: fields by line, under these names."""

    source: Source
    layout: Layout
    names: list[str]
    longest: int

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows as they stand there.

        Raises:
            UserError: A line has more or fewer fields than there are names.
        """
        stream = self.source.utf8()
        if not stream.peek(1):
            return
        batch = None
        try:
            for batch in self._parsed(stream):
                yield batch
        except pa.ArrowInvalid as error:
            raise self._ragged() or error from None
        # a quotation mark that never closes swallows the end of its row, all but the last column's
        if batch is not None and "\n" in (batch.column(-1)[-1].as_py() or ""):
            self._check_closed()

    def _parsed(self, stream: IO[bytes]) -> Iterator[pa.RecordBatch]:
        block = max(BLOCK, 64 * self.longest)
        return pacsv.open_csv(
            stream,
            pacsv.ReadOptions(block_size=block, column_names=self.names),
            pacsv.ParseOptions(delimiter=self.layout.separator, newlines_in_values=True),
            # each column has words of its own to look for, at 8 kB, unless there are none
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                null_values=[],
                true_values=[],
                false_values=[],
            ),
        )

    def nameless(self) -> set[str]:
        """Return the columns that the file itself gives no name."""
        pairs = zip(self.names, self.layout.names, strict=True)
        return {name for name, given in pairs if not given.strip()}

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """Return the line of the file in which each row begins."""
        wanted = set(rows)
        every = enumerate(islice(self._records(), max(wanted, default=-1) + 1))
        return {row: self.layout.skipped + found.first for row, found in every if row in wanted}

    def _records(self) -> Iterator[Record]:
        return records(self.source.lines(), self.layout.separator)

    def _check_closed(self) -> None:
        """Refuse a file whose last cell has swallowed all that follows a quotation mark."""
        lines = self.source.lines()
        line = 0
        try:
            for row in records(lines, self.layout.separator, strict=True):
                line = row.last
        except csv.Error as error:
            if "unexpected end" in str(error):
                message = (
                    f"a quotation mark in line {self.layout.skipped + line + 1} never closes."
                )
                raise UserError(message) from None

    def _ragged(self) -> UserError | None:
        """Find the line that Arrow could not take, by a slower reader that counts lines."""
        try:
            for row in self._records():
                if len(row.fields) != len(self.names):
                    return UserError(
                        f"line {self.layout.skipped + row.first} has"
                        f" {counted(len(row.fields), 'field')}, and {len(self.names):,} are"
                        " expected: mend the line, or say another dataset.separator."
                    )
        except csv.Error as error:
            return UserError(f"{error}: a quotation mark may be missing.")
        return None
