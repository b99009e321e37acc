"""summary.csv: a row a run, for a spreadsheet or a program."""

import csv
import io
import math
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from aeexp.summary.comparison import Comparison
from aeexp.summary.outcome import Outcome
from aeexp.summary.wording import printable

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by (OWASP, "CSV injection")."""


def table(comparison: Comparison, into: Path) -> bytes:
    """Return the table of all runs; directories are told as seen from `into`."""
    several = len({outcome.sweep for outcome in comparison.outcomes}) > 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rows = (dict(_row(comparison, run, into, several=several)) for run in comparison.outcomes)
    for i, row in enumerate(rows):
        if i == 0:
            writer.writerow(map(harmless, row))
        writer.writerow(map(_cell, row.values()))
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet computes and no terminal obeys; numbers as they are."""
    line = printable(text, keep="\t\r\n")
    return f"'{line}" if line.startswith(FORMULA) and not _is_number(line) else line


def relative(folder: Path, into: Path) -> str:
    """Return the way from one directory to another, with slashes."""
    return Path(os.path.relpath(folder.resolve(), into.resolve())).as_posix()


def address(path: Path, into: Path) -> str:
    """Return the relative address of a file or directory, as a link needs it."""
    return quote(relative(path, into))


def _row(
    comparison: Comparison, run: Outcome, into: Path, *, several: bool
) -> Iterator[tuple[str, str | float]]:
    yield "job", run.number
    if several:
        yield "sweep", run.sweep.name
    for each in comparison.varied:
        yield each.key, run.said.get(each.key, "")
    for name in comparison.metrics:
        yield name, run.metrics.get(name, math.nan)
    yield "status", run.status
    yield "seconds", run.seconds
    yield "directory", relative(run.folder, into) if run.folder else ""
    yield "error", run.reason


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return harmless(value)
    if not math.isfinite(value):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
