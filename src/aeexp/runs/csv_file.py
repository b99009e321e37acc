"""Tables as CSV files (RFC 4180), which people open in spreadsheets.

A spreadsheet computes a text that begins like a formula, and a formula can run programs: an
apostrophe before it keeps it a text (OWASP, "CSV injection"). Numbers stay as they are.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet computes."""
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def unguarded(cell: str) -> str:
    """Return the text that was guarded."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return the file of a table, whose texts are guarded and numbers are exact."""
    text = _Lines()
    csv.writer(text).writerows(
        [guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return text.getvalue().encode(errors="replace")


def read(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a file as the texts that they were; see `lines`."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from ([*map(unguarded, row)] for row in csv.reader(file))


class _Lines(io.StringIO):
    """Ends rows with a line feed alone, but has carriage returns within a text quoted, too."""

    def write(self, row: str) -> int:
        return super().write(row.removesuffix("\r\n") + "\n")


def _is_formula(text: str) -> bool:
    return text.startswith(FORMULA) and not _is_number(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
