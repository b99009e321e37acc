"""Writes a sheet of an old Excel or OpenDocument workbook as CSV: a program, not a module.

calamine keeps the whole grid of a sheet in memory, and ends its process if that is too large. So
it runs in a process of its own, with limited memory, which imports nothing else.

    python workbook_process.py FILE SHEET BYTES
"""

import csv
import datetime as dt
import json
import sys
from typing import Any

import python_calamine


def main(path: str, name: str, most_bytes: int) -> None:
    """Write the names of the sheets as JSON, then the sheet; name: "" for the first."""
    try:
        import resource  # noqa: PLC0415  (Windows has no such limits)
    except ImportError:
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    book = python_calamine.CalamineWorkbook.from_path(path)
    sys.stdout.write(json.dumps(book.sheet_names) + "\n")
    if not book.sheet_names or name not in ("", *book.sheet_names):
        return
    sheet = book.get_sheet_by_name(name or book.sheet_names[0])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for row in sheet.to_python(skip_empty_area=False):
        writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # these formats have no integers
    if isinstance(value, dt.datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    return " ".join(str(value).splitlines())


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
