"""Formulas of a workbook without stored values: some programs write them, only Excel computes."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from typing import IO

from openpyxl import load_workbook

MOST_ROWS = 1_000  # examined
HEAD = 1 << 20  # bytes of the sheet as CSV in which an empty cell is looked for


def formula_notes(file: IO[bytes], sheet: str, text: bytes) -> list[str]:
    """Return a note on the formulas in the first rows of a sheet that have no stored value.

    file: the workbook. text: the sheet as CSV; without an empty cell in it, there are none.
    """
    head = text[:HEAD]
    if not (b",," in head or b",\n" in head or b"\n," in head or head.endswith(b",")):
        return []
    formulas, values = (_cells(file, sheet, data_only=stored) for stored in (False, True))
    empty = sum(
        value is None and isinstance(formula, str) and formula.startswith("=")
        for formula, value in zip(formulas, values, strict=True)
    )
    if not empty:
        return []
    remedy = "open the workbook in Excel or LibreOffice and save it"
    return [f"formulas without a stored value are read as empty cells ({empty:,}): {remedy}"]


def _cells(file: IO[bytes], sheet: str, *, data_only: bool) -> Iterator[object]:
    book = load_workbook(file, read_only=True, data_only=data_only)
    try:
        with closing(book[sheet].iter_rows(values_only=True, max_row=MOST_ROWS)) as rows:
            yield from chain.from_iterable(islice(rows, MOST_ROWS))
    finally:
        book.close()
