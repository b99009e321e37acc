"""What is in a file, in words: `aeexp inspect`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from rich.cells import set_cell_size

from aeexp.config.spec import Format
from aeexp.data.inspect.command import command
from aeexp.data.inspect.profile import Column, Profile, profile, too_large
from aeexp.data.io.assembling import gather
from aeexp.data.io.names import LISTED, listed, shown
from aeexp.data.io.reader import look, refusing, require_room
from aeexp.text import counted

WIDTH = 100
MARGIN = 18  # where what is said of a heading starts
MOST = 50  # columns described one by one
FEWER = 20  # of those where there are more
NAME, EXAMPLES = 34, 40
HEADINGS = ("column", "type", "missing", "distinct", "range or examples")


def inspect(path: Path, format: Format) -> str:
    """Say what is in a file, what is peculiar about it, and how to run it.

    Raises:
        UserError: As `aeexp.data.io.read`.
    """
    with refusing(path):
        opened = look(path, format)
        require_room(opened, format)
        columns = gather(opened.chunks(), opened.rows, opened.schema)
    found = profile(columns.cells, opened.rows, opened.index)
    mixed = [note for note in opened.notes if note in opened.texts.values()]
    notes = [note for note in opened.notes if note not in mixed]
    peculiar = [
        *_peculiar(found),
        *_several("whole numbers", too_large(columns.cells)),
        *_several("mixed", mixed),
    ]
    size = f"{counted(opened.rows, 'row')} × {counted(len(columns.cells), 'column')}"
    lines = [
        f"{shown(path.name)}: {size}",
        *_said("format", "; ".join([opened.kind, *notes])),
        "",
        *_table(found.columns),
        "",
        *([*peculiar, ""] if peculiar else []),
    ]
    return "\n".join([*lines, command(path, format, found.columns), ""])


def _table(columns: Sequence[Column]) -> Iterator[str]:
    """Yield a line for each column, or for the first of many and one for the rest."""
    described = columns if len(columns) <= MOST else columns[:FEWER]
    rows = [HEADINGS, *map(_cells, described)]
    width = min(NAME, max(len(row[0]) for row in rows))
    for name, kind, missing, distinct, values in rows:
        cells = f"{_sized(name, width)}  {kind:<7}  {missing:>9}  {distinct:>9}  {values}"
        yield cells.rstrip()
    if rest := columns[len(described) :]:
        types = Counter(column.type for column in rest)
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in types.most_common())
        holes = sum(bool(column.missing) for column in rest)
        yield f"… and {counted(len(rest), 'more column')}: {kinds}; {holes:,} with missing cells"


def _cells(column: Column) -> tuple[str, str, str, str, str]:
    if column.is_text:
        values = ", ".join(shown(text, 20) for text in column.examples)
    elif column.low is None:
        values = ""
    else:
        values = " … ".join(dict.fromkeys((f"{column.low:.6g}", f"{column.high:.6g}")))
    missing = f"{column.missing:,}" if column.missing else "–"
    return shown(column.name), column.type, missing, f"{column.distinct:,}", _cut(values)


def _sized(text: str, width: int) -> str:
    """Return a text in so many cells of a terminal, of which some characters take two."""
    return set_cell_size(shown(text, width), width)


def _cut(text: str) -> str:
    return shown(text, EXAMPLES - 8)


def _peculiar(found: Profile) -> Iterator[str]:
    columns = found.columns
    yield from _named("constant", (c.name for c in columns if c.is_constant))
    if found.same:
        groups = [" = ".join(f"'{shown(name)}'" for name in same[:LISTED]) for same in found.same]
        more = f" and {counted(len(groups) - LISTED, 'more group')}"
        yield from _said(
            "the same", ", ".join(groups[:LISTED]) + (more if len(groups) > LISTED else "")
        )
    if found.repeated:
        yield from _said("repeated rows", f"{found.repeated:,} repeat an earlier one")
    yield from _named("ids, it seems", (c.name for c in columns if c.is_id))
    yield from _named("labels, it seems", (c.name for c in columns if c.is_label))
    yield from _named("not numbers", (c.name for c in columns if c.is_text))


def _named(heading: str, names: Iterable[str]) -> Iterator[str]:
    every = list(names)
    if every:
        yield from _said(heading, listed(every))


def _several(heading: str, sentences: Iterable[str]) -> Iterator[str]:
    """Yield the first of many sentences under a heading."""
    every = list(sentences)
    for sentence in every[:LISTED]:
        yield from _said(heading, sentence)
        heading = ""
    if len(every) > LISTED:
        yield from _said("", f"and {len(every) - LISTED:,} more columns")


def _said(heading: str, text: str) -> Iterator[str]:
    for line in wrap(text, WIDTH - MARGIN) or [""]:
        yield f"{heading:<{MARGIN}}{line}"
        heading = ""
