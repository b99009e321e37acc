"""A table for `inspect`: arranged so that its rows are samples, with its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from aeexp.config.spec import Format
from aeexp.data.features import is_numeric, words
from aeexp.data.inspect.profile import Profile
from aeexp.data.inspect.reading import Reading, described, index_of, read_for_command, remedied
from aeexp.data.inspect.roles import Roles
from aeexp.data.io.formats import BY_ENDING
from aeexp.data.io.names import listed
from aeexp.data.io.orientation import Sideways, long_form, sideways
from aeexp.data.io.reader import read_columns
from aeexp.data.io.table_source import Columns, TableSource
from aeexp.data.table.layout import summary_rows
from aeexp.data.table.metadata import with_metadata


@dataclass(frozen=True)
class Arranged:
    """A table whose rows are samples.

    reading: of the file, with the format that arranges it. cells: of the columns of the file, then
    of the second table. drop: names of rows that look like no samples. layout: sentences on the
    layout. notes: on how the file was read.
    """

    reading: Reading
    cells: Mapping[str, Any]
    rows: int
    drop: tuple[str, ...]
    layout: tuple[str, ...]
    notes: tuple[str, ...]
    profile: Profile
    roles: Roles


def arranged(path: Path, format: Format) -> Arranged:
    """Read a file; transpose, pivot or shorten its table where its layout calls for that.

    Raises:
        UserError: As `aeexp.data.io.read`.
    """
    source, columns = read_columns(path, format)
    found = _recognised(path, format, source, columns)
    format, drop, layout = found.format, found.drop, [*found.layout]
    summaries = [] if format.transpose else summary_rows(_text(columns.cells))
    if summaries and "comment" in BY_ENDING[source.kind].keys:
        format = replace(format, comment=[*format.comment, *summaries])
        layout.append(f"The last rows look like summaries ({listed(summaries)}) and are left out.")
    if layout:
        source, columns = read_columns(path, format)
    reading = read_for_command(path, format, source, columns)
    if found.mixed:
        reading = replace(reading, mixed=(*found.mixed, *reading.mixed), made_numeric=True)
    cells, rows, notes = reading.cells, reading.rows, list(reading.source.notes)
    index = index_of(reading.source, format)
    profiled, by_role = reading.profile, reading.roles
    if drop:
        keep = ~pd.Series(words(pd.Series(next(iter(cells.values()))))).isin(drop).to_numpy()
        cells, rows = {name: values[keep] for name, values in cells.items()}, int(keep.sum())
        profiled, by_role = described(cells, index, rows, reading.source.annotations)
    if format.metadata:
        names = by_role.row_id.name if by_role.row_id else None
        joined, more = with_metadata(pd.DataFrame(dict(cells)), names, format)
        own, notes = {*cells}, [*notes, *more]
        cells = {n: joined[n].to_numpy() if is_numeric(joined[n]) else joined[n] for n in joined}
        profiled, by_role = described(cells, index, rows, reading.source.annotations)
        by_role = _own(by_role, own)
    return Arranged(reading, cells, rows, drop, tuple(layout), tuple(notes), profiled, by_role)


@dataclass(frozen=True)
class _Recognised:
    """The layout of a table.

    format: which arranges it. drop, layout: see `Arranged`. mixed: why columns of the file are
    text without this format, see `Reading`.
    """

    format: Format
    drop: tuple[str, ...] = ()
    layout: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


def _recognised(path: Path, format: Format, source: TableSource, columns: Columns) -> _Recognised:
    """Return whether a table is transposed or in long form; words among its numbers hide neither.

    Raises:
        UserError: As `aeexp.data.io.read`.
    """
    if format.transpose is not None or format.pivot:
        return _Recognised(format)
    table = remedied(path, format, source, columns)
    mixed = table.mixed if table.made_numeric else ()
    if found := sideways(table.columns.cells, source.rows):
        if not found.named:
            return _Recognised(format, layout=(found.sentence,))
        turned = replace(table.format, transpose=True)
        return _Recognised(turned, found.others, (_transposed(found),), mixed)
    if pivot := long_form(table.columns.cells, source.rows):
        sentence = (
            f"The file has one value per line. The command makes a row for each '{pivot[0]}' and a"
            f" column for each '{pivot[1]}'."
        )
        return _Recognised(replace(table.format, pivot=[*pivot]), (), (sentence,), mixed)
    return _Recognised(format)


def _transposed(found: Sideways) -> str:
    others = f" {listed(found.others)} may be no sample and is left out." if found.others else ""
    return (
        f"Rows look like features and columns like samples ({found.rows:,} names in"
        f" '{found.names}', {found.samples:,} columns of one kind). The command transposes the"
        " table to learn from samples. With dataset.transpose=false, the model learns how the rows"
        f" of '{found.names}' differ, not the samples.{others}"
    )


def _text(cells: Mapping[str, Any]) -> pd.DataFrame:
    """Return the columns of text."""
    text = {name: values for name, values in cells.items() if isinstance(values, pd.Series)}
    return pd.DataFrame(text)


def _own(by_role: Roles, own: set[str]) -> Roles:
    """Return roles in which only columns of the file are features or left out."""
    unused, features = (
        tuple(column for column in columns if column.name in own)
        for columns in (by_role.unused, by_role.features)
    )
    return replace(by_role, unused=unused, features=features)
