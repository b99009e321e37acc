"""A sheet of an Excel workbook, as comma-separated text."""

import csv
import io
import json
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from aeexp.data.io.formulas import formula_notes
from aeexp.data.io.names import listed
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.io.text_file import scan_text
from aeexp.data.memory import in_units
from aeexp.errors import UserError

PROCESS = 1 << 28  # bytes of address space of a process without a workbook
LAST_ROW, LONGEST_CELL = 1_048_576, 32_767
"""Excel's own limits: rows of a sheet and characters of a cell."""


def open_workbook(file: TableFile) -> TableSource:
    """Scan a sheet of an Excel workbook.

    Raises:
        UserError: As `sheet_text` and `scan_text`.
    """
    read = sheet_text if file.kind == "xlsx" else calamine_text
    text, notes = read(file.path, file.format.sheet, file.most_bytes)
    comma = replace(file.format, separator=",", encoding="utf-8")
    source = scan_text(file.kind, ",", lambda: io.BytesIO(text), comma)
    return replace(source, notes=(*notes, *source.notes))


def sheet_text(path: Path, name: str | None, most_bytes: float) -> tuple[bytes, list[str]]:
    """Return a sheet as CSV, and a note on the other sheets of the workbook.

    name: the sheet; None selects the first. most_bytes: the limit of the unpacked workbook and of
    the text.

    Raises:
        UserError: There is no such sheet, or it exceeds `most_bytes` or Excel's own limits.
    """
    # openpyxl does not close a file that it opened itself and could not read
    with path.open("rb") as file, warnings.catch_warnings():
        with zipfile.ZipFile(file) as archive:
            _check_size(sum(member.file_size for member in archive.infolist()), most_bytes)
        warnings.simplefilter("ignore")  # about features such as charts, which are not read
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            sheets = {sheet.title: sheet for sheet in book.worksheets}
            first, notes = _choose([*sheets], name)
            # one row beyond Excel's limit shows that a file is damaged; without a limit, openpyxl
            # would create all rows up to a row number such as 999,999,999,999
            limit = LAST_ROW + 1
            with closing(sheets[first].iter_rows(values_only=True, max_row=limit)) as rows:
                text = _csv(rows, most_bytes)
            return text, [*notes, *formula_notes(file, first, text)]
        finally:
            book.close()


def calamine_text(path: Path, name: str | None, most_bytes: float) -> tuple[bytes, list[str]]:
    """As `sheet_text`, for the formats that openpyxl does not read."""
    limit = int(most_bytes)
    arguments = [str(path), name or "", str(limit + PROCESS)]
    command = [sys.executable, "-P", str(Path(__file__).with_name("workbook_process.py"))]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603  (a program of ours; the path is an argument, no shell)
            [*command, *arguments], stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        assert process.stdout
        text = process.stdout.read(limit + 1)
        if len(text) > limit:
            process.kill()
        _check_size(len(text), most_bytes)
        if process.wait():
            errors.seek(0)
            reason = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise UserError(
                f"it cannot be read in {in_units(most_bytes)} of memory ({reason}). Is the file"
                " complete? If so, save the sheet as .csv, or raise dataset.max_bytes."
            )
    names, _, text = text.partition(b"\n")
    _, notes = _choose(json.loads(names), name)
    return text, notes


def _choose(sheets: Sequence[str], name: str | None) -> tuple[str, list[str]]:
    """Return the sheet to read, and a note on the others."""
    if not sheets or (name is not None and name not in sheets):
        raise UserError(f"dataset.sheet={name} does not exist; the sheets are {listed(sheets)}.")
    first, *others = sheets
    if name is not None or not others:
        return name or first, []
    return first, [f"sheet {listed([first])} is read, not {listed(others)} (see dataset.sheet)"]


def _check_size(size: int, most_bytes: float) -> None:
    if size > most_bytes:
        raise UserError(
            f"it unpacks to more than {in_units(most_bytes)}. Save the sheet as .csv, or raise"
            " dataset.max_bytes."
        )


def _csv(rows: Iterator[tuple[Any, ...]], most_bytes: float) -> bytes:
    """Write rows as text, without the empty rows at the end."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    end = 0
    for number, row in enumerate(rows, 1):
        if number > LAST_ROW:
            raise UserError(
                f"it has rows below {LAST_ROW:,}, Excel's last row. Is the file damaged?"
            )
        _check_size(text.tell(), most_bytes)
        # an empty row becomes a line of separators, so that line numbers are row numbers
        writer.writerow(["" if value is None else _cell(value) for value in row] or [""])
        if any(value is not None for value in row):
            end = text.tell()
    return text.getvalue()[:end].encode()


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return str(value)
    if len(value) > LONGEST_CELL:
        raise UserError(
            f"it has a cell of more than {LONGEST_CELL:,} characters. Is the file damaged?"
        )
    return " ".join(value.splitlines())
