"""A file's content in a few lines: what `aeexp inspect` prints."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
import pandas as pd
from rich.cells import set_cell_size

from aeexp.config.spec import Format
from aeexp.data.features import Column as Feature
from aeexp.data.features import words
from aeexp.data.inspect.arranged import Arranged, arranged
from aeexp.data.inspect.command import command
from aeexp.data.inspect.profile import Column, Profile
from aeexp.data.inspect.roles import Roles
from aeexp.data.io.names import LISTED, listed, shown
from aeexp.data.io.reader import too_large
from aeexp.data.quality.notes import number_notes
from aeexp.data.table.values import code_note
from aeexp.text import counted

DECLARED = "The command sets dataset.na. The columns above are described without these numbers."
MADE_NUMERIC = (
    "The command makes them numeric: words become missing cells (dataset.na), units are removed"
    " (dataset.units). A cell below a limit of detection is then filled as any other missing cell:"
    " if this matters, replace it in the file."
)
WIDTH = 100
MARGIN = 18  # width of the headings
MOST = 50  # columns described one by one
FEWER = 20  # columns described one by one if there are more than MOST
NAME, EXAMPLES = 34, 32  # characters
HEADINGS = ("column", "type", "missing", "distinct", "range or examples")
REMEDIES = {
    "empty": "No cell has a value. Excluded by the command.",
    "constant": "A constant column carries no information.",
    "probable ids": "Use as dataset.id, or exclude with dataset.drop.",
    "probable time": "Use as dataset.time: blocks of time are held out, and results are compared"
    " with columns that are shifted in time.",
    "probable group": "Use as dataset.group: rows of a group are not independent, and whole groups"
    " are held out.",
    "probable batch": "Use as dataset.batch: the answer states whether the factors show it, and"
    " dataset.batch_correction=mean removes it.",
    "probable labels": "Use as dataset.label to compare with the results.",
    "text": "Use as dataset.id or dataset.label, exclude with dataset.drop, or encode with"
    " dataset.categorical=onehot.",
}
"""What to do about the columns under a heading."""


def inspect(path: Path, format: Format) -> str:
    """Describe a file, and return the description and the command; see `describe`."""
    return "\n".join([*describe(path, format), ""])


def describe(path: Path, format: Format) -> tuple[str, str]:
    """Return a file's format, its columns and anything unusual, and the command that trains on it.

    Raises:
        UserError: As `aeexp.data.io.read`.
    """
    table = arranged(path, format)
    reading, by_role = table.reading, table.roles
    first = [*by_role.special.values(), *by_role.labels]
    reasons = {*reading.source.texts.values()}
    notes = [note for note in table.notes if note not in reasons]
    if reading.empty:
        notes.append(f"{counted(reading.empty, 'empty row')} left out")
    unusual = [
        *_several("codes", map(code_note, reading.codes)),
        *_several("", [DECLARED] if any(code.is_missing for code in reading.codes) else []),
        *_unusual(table.profile, by_role),
        *_several("large integers", too_large(table.cells)),
        *_several("numbers", _numbers(table)),
        *_several("mixed", [*reading.mixed, *([MADE_NUMERIC] if reading.made_numeric else [])]),
    ]
    size = f"{counted(table.rows, 'row')} × {counted(len(table.cells), 'column')}"
    columns = table.profile.columns
    lines = [
        f"{shown(path.name)}: {size}",
        *_paragraph("format", "; ".join([reading.source.kind, *notes])),
        *_several("layout", table.layout),
        "",
        *_table([*first, *(c for c in columns if c not in first)]),
        "",
        *([*unusual, ""] if unusual else []),
    ]
    return "\n".join(lines), command(path, reading.format, by_role, table.drop)


def _table(columns: Sequence[Column]) -> Iterator[str]:
    """Yield a line for each column; of many columns, for the first ones and one for the rest."""
    described = columns if len(columns) <= MOST else columns[:FEWER]
    rows = [HEADINGS, *map(_cells, described)]
    width = min(NAME, max(len(row[0]) for row in rows))
    for name, kind, missing, distinct, values in rows:
        padded = set_cell_size(shown(name, width), width)  # some characters are two cells wide
        yield f"{padded}  {kind:<7}  {missing:>9}  {distinct:>9}  {values}".rstrip()
    if rest := columns[len(described) :]:
        types = Counter(column.type for column in rest)
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in types.most_common())
        gaps = sum(bool(column.missing) for column in rest)
        yield f"… and {counted(len(rest), 'more column')}: {kinds}; {gaps:,} with missing cells"


def _cells(column: Column) -> tuple[str, str, str, str, str]:
    if column.is_text:
        values = ", ".join(shown(text, 20) for text in column.examples)
    elif column.low is None:
        values = ""
    else:
        values = " … ".join(dict.fromkeys((f"{column.low:.6g}", f"{column.high:.6g}")))
    missing = f"{column.missing:,}" if column.missing else "–"
    distinct = f"{column.distinct:,}"
    return shown(column.name), column.type, missing, distinct, shown(values, EXAMPLES)


def _unusual(table: Profile, by_role: Roles) -> Iterator[str]:
    columns = table.columns
    yield from _named("empty", (c.name for c in columns if not c.distinct))
    yield from _named("constant", (c.name for c in columns if c.distinct == 1))
    if table.same:
        groups = [" = ".join(f"'{shown(name)}'" for name in same[:LISTED]) for same in table.same]
        rest = len(groups) - LISTED
        more = f" and {counted(rest, 'more group')}" if rest > 0 else ""
        remedy = "Exclude all but one with dataset.drop."
        yield from _paragraph("identical", f"{', '.join(groups[:LISTED])}{more}. {remedy}")
    if table.repeated:
        repeated = counted(table.repeated, "row repeats", "rows repeat")
        yield from _paragraph(
            "duplicate rows",
            f"{repeated} an earlier one. If one of them is trained on and the other is held out,"
            " the held-out error is too low.",
        )
    yield from _dependent(by_role)
    others = {key: column for key, column in by_role.special.items() if key != "id"}
    ids = (c.name for c in columns if c.is_id and c not in others.values())
    yield from _named("probable ids", ids)
    for key, column in others.items():
        yield from _named(f"probable {key}", [column.name])
    yield from _named("probable labels", (c.name for c in by_role.labels))
    yield from _named("text", (c.name for c in columns if c.is_text))


def _dependent(by_role: Roles) -> Iterator[str]:
    if by_role.autocorrelation is None:
        return
    remedy = " Use dataset.time=rows, or dataset.time=none if it has no meaning."
    yield from _paragraph(
        "order of rows",
        "neighbouring rows are more similar than by chance (autocorrelation"
        f" {by_role.autocorrelation:.2f}, correlation time {counted(by_role.tau, 'row')}), so"
        f" that shuffled columns are no fair comparison.{'' if by_role.time else remedy}",
    )


def _numbers(table: Arranged) -> list[str]:
    """Return notes on the numbers to learn from."""
    names = [column.name for column in table.roles.features if not column.is_text]
    if not names:
        return []
    row_id = table.roles.row_id
    rows = range(table.rows) if row_id is None else [*words(pd.Series(table.cells[row_id.name]))]
    x = np.column_stack([table.cells[name] for name in names])
    return number_notes(x, [*map(Feature, names)], rows)


def _named(heading: str, names: Iterable[str]) -> Iterator[str]:
    if every := list(names):
        yield from _paragraph(heading, f"{listed(every)}. {REMEDIES[heading]}")


def _several(heading: str, sentences: Iterable[str]) -> Iterator[str]:
    """Yield the first LISTED sentences under a heading."""
    every = list(sentences)
    for sentence in every[:LISTED]:
        yield from _paragraph(heading, sentence)
        heading = ""
    if len(every) > LISTED:
        yield from _paragraph("", f"and {len(every) - LISTED:,} more columns")


def _paragraph(heading: str, text: str) -> Iterator[str]:
    for line in wrap(text, WIDTH - MARGIN) or [""]:
        yield f"{heading:<{MARGIN}}{line}"
        heading = ""
