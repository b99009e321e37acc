"""CSV files (RFC 4180) that are safe to open in a spreadsheet.

A spreadsheet evaluates text that starts like a formula, and a formula can run programs. A leading
apostrophe marks it as text (OWASP, "CSV injection"). It is put before any number of apostrophes
that precede a formula, so that every text is read back unchanged. Numbers are not changed.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet evaluates."""
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def unguarded(cell: str) -> str:
    """Return the text from which `guarded` made a cell."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return the content of a file with guarded texts and exact numbers."""
    file = _Lines()
    csv.writer(file).writerows(
        [guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return file.getvalue().encode(errors="replace")


def read(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a file that `lines` made, as the original texts."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from ([*map(unguarded, row)] for row in csv.reader(file))


class _Lines(io.StringIO):
    """Ends rows with a line feed; `csv` would then not quote a carriage return within a text."""

    def write(self, row: str) -> int:
        return super().write(row.removesuffix("\r\n") + "\n")


def _is_formula(text: str) -> bool:
    if not text.startswith(FORMULA):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return text.strip() != text
