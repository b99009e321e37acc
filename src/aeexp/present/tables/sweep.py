"""summary.csv: a row for each run, for a spreadsheet or a program."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.runs.csv_file import lines
from aeexp.text import printable


def table(comparison: Comparison, into: Path) -> bytes:
    """Return the table of all runs; directories are relative to `into`."""
    several = len({outcome.sweep for outcome in comparison.outcomes}) > 1
    rows = [dict(_row(comparison, run, into, several=several)) for run in comparison.outcomes]
    heads = [map(_printable, row) for row in rows[:1]]
    return lines([*heads, *(map(_cell, row.values()) for row in rows)])


def relative(folder: Path, into: Path) -> str:
    """Return the relative path from `into` to a directory, with slashes."""
    return Path(os.path.relpath(folder.resolve(), into.resolve())).as_posix()


def address(path: Path, into: Path) -> str:
    """Return the relative URL from `into` to a file or directory."""
    return quote(relative(path, into))


def _row(
    comparison: Comparison, run: Outcome, into: Path, *, several: bool
) -> Iterator[tuple[str, str | float]]:
    yield "job", run.number
    if several:
        yield "sweep", run.sweep.name
    for varied in comparison.varied:
        yield varied.key, run.overrides.get(varied.key, "")
    for name in comparison.metrics:
        yield name, run.metrics.get(name, math.nan)
    yield "status", run.status
    yield "seconds", run.seconds
    yield "directory", relative(run.folder, into) if run.folder else ""
    yield "error", run.reason


def _printable(text: str) -> str:
    """Return a text without escape codes, which a terminal would execute."""
    return printable(text, keep="\t\r\n")


def _cell(value: str | float) -> str | float:
    if isinstance(value, str):
        return _printable(value)
    if not math.isfinite(value):
        return ""
    return int(value) if float(value).is_integer() else value
