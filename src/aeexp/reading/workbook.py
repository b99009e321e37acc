"""A sheet of an Excel workbook, as comma-separated text."""

import csv
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from aeexp.reading.names import listed


def sheet_text(path: Path, wanted: str | None) -> tuple[bytes, list[str]]:
    """Return a sheet as it would be saved as CSV, and what is to be said of the others.

    Raises:
        ValueError: There is no such sheet.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl leaves out: nothing that is read
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            sheet, notes = _chosen({each.title: each for each in book.worksheets}, wanted)
            return _csv(sheet.iter_rows(values_only=True)), notes
        finally:
            book.close()


def _chosen(sheets: dict[str, Any], wanted: str | None) -> tuple[Any, list[str]]:
    if not sheets or (wanted is not None and wanted not in sheets):
        message = f"dataset.sheet={wanted}: its sheets are {listed(sheets)}."
        raise ValueError(message)
    if wanted is not None:
        return sheets[wanted], []
    first, *others = sheets
    said = f"sheet {listed([first])} is read, not {listed(others)} (dataset.sheet=…)"
    return sheets[first], [said] if others else []


def _csv(rows: Iterator[tuple[Any, ...]]) -> bytes:
    """Write rows as text, without the empty ones at the end."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    end = 0
    for row in rows:
        # a line of separators, never an empty one, so that lines count as the rows of a sheet
        writer.writerow(["" if value is None else _cell(value) for value in row] or [""])
        if any(value is not None for value in row):
            end = text.tell()
    return text.getvalue()[:end].encode()


def _cell(value: Any) -> str:
    return " ".join(str(value).splitlines()) if isinstance(value, str) else str(value)
