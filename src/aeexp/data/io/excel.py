"""A sheet of an Excel workbook, as comma-separated text."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from aeexp.data.io.names import listed
from aeexp.data.memory import in_units
from aeexp.errors import UserError

LAST_ROW, LONGEST_CELL = 1_048_576, 32_767
"""Excel's own limits, in rows of a sheet and characters of a cell."""


def sheet_text(path: Path, wanted: str | None, most_bytes: float) -> tuple[bytes, list[str]]:
    """Return a sheet as it would be saved as CSV, and what is to be said of the others.

    most_bytes: that the workbook, and the text, may have.

    Raises:
        UserError: There is no such sheet, or it is larger than that, or than Excel makes them.
    """
    # openpyxl leaves a file open that it has opened itself and cannot read
    with path.open("rb") as file, warnings.catch_warnings():
        with zipfile.ZipFile(file) as archive:
            _require_small(sum(member.file_size for member in archive.infolist()), most_bytes)
        warnings.simplefilter("ignore")  # of what openpyxl leaves out: nothing that is read
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            sheet, notes = _chosen({each.title: each for each in book.worksheets}, wanted)
            # a row more than Excel has: where a later one is told, openpyxl makes those between
            with closing(sheet.iter_rows(values_only=True, max_row=LAST_ROW + 1)) as rows:
                return _csv(rows, most_bytes), notes
        finally:
            book.close()


def _chosen(sheets: dict[str, Any], wanted: str | None) -> tuple[Any, list[str]]:
    if not sheets or (wanted is not None and wanted not in sheets):
        message = f"dataset.sheet={wanted}: its sheets are {listed(sheets)}."
        raise UserError(message)
    if wanted is not None:
        return sheets[wanted], []
    first, *others = sheets
    said = f"sheet {listed([first])} is read, not {listed(others)} (dataset.sheet=…)"
    return sheets[first], [said] if others else []


def _require_small(size: int, most_bytes: float) -> None:
    if size > most_bytes:
        message = (
            f"it unpacks to more than {in_units(most_bytes)}: save the sheet as .csv, or raise"
            " dataset.max_bytes."
        )
        raise UserError(message)


def _csv(rows: Iterator[tuple[Any, ...]], most_bytes: float) -> bytes:
    """Write rows as text, without the empty ones at the end."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    end = 0
    for number, row in enumerate(rows, 1):
        if number > LAST_ROW:
            message = f"it has rows below {LAST_ROW:,}, the last of a sheet: is the file damaged?"
            raise UserError(message)
        _require_small(text.tell(), most_bytes)
        # a line of separators, never an empty one, so that lines count as the rows of a sheet
        writer.writerow(["" if value is None else _cell(value) for value in row] or [""])
        if any(value is not None for value in row):
            end = text.tell()
    return text.getvalue()[:end].encode()


def _cell(value: Any) -> str:
    if isinstance(value, str) and len(value) > LONGEST_CELL:
        message = f"it has a cell of more than {LONGEST_CELL:,} characters: is the file damaged?"
        raise UserError(message)
    return " ".join(str(value).splitlines()) if isinstance(value, str) else str(value)
