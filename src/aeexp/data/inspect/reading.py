"""A table as the printed command reads it: with the values of dataset.na that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aeexp.config.spec import Format
from aeexp.data.features import EXACT, is_numeric
from aeexp.data.inspect.profile import NAMES_ID, NAMES_LABEL, Profile, profile
from aeexp.data.inspect.roles import NAMES_BATCH, NAMES_GROUP, NAMES_TIME, Roles, roles
from aeexp.data.io.reader import increases, read_columns
from aeexp.data.io.table_source import Columns, Remedy, TableSource
from aeexp.data.na import NaValues, numbers_as_text, without_na
from aeexp.data.quality.codes import Code, find_codes

NAMES_OF_ROLES = NAMES_ID, NAMES_LABEL, NAMES_BATCH, NAMES_GROUP, NAMES_TIME


@dataclass(frozen=True)
class Reading:
    """A table and how to read it.

    format: with the values that mean missing cells and the units, in addition to what was set.
    rows: their number. cells: of each column. mixed: why columns of numbers are text without
    these. made_numeric: whether the format changes that. empty: the number of rows without any
    cell, which are left out. codes: numbers that probably mean "missing".
    """

    format: Format
    source: TableSource
    rows: int
    cells: Mapping[str, Any]
    mixed: tuple[str, ...]
    made_numeric: bool
    profile: Profile
    roles: Roles
    empty: int
    codes: tuple[Code, ...]


@dataclass(frozen=True)
class Remedied:
    """A table as numbers where most of its cells are; see `Reading`."""

    format: Format
    source: TableSource
    columns: Columns
    mixed: tuple[str, ...]
    made_numeric: bool


def remedied(path: Path, format: Format, source: TableSource, columns: Columns) -> Remedied:
    """Return a table with what makes its columns numeric, which is read again if necessary.

    Raises:
        UserError: As `aeexp.data.io.read`.
    """
    mixed = tuple(note for note in source.notes if note in source.texts.values())
    if remedies := _applicable(source.remedies or {}, columns.cells):
        format = _with(
            format,
            na=[text for remedy in remedies.values() for text in remedy.na],
            units=[remedy.unit for remedy in remedies.values() if remedy.unit],
        )
        source, columns = read_columns(path, format)
    return Remedied(format, source, columns, mixed, bool(remedies))


def read_for_command(path: Path, format: Format, source: TableSource, columns: Columns) -> Reading:
    """Return a table as numbers where most of its cells are; find codes for missing values.

    source, columns: the table as the format reads it.

    Raises:
        UserError: As `aeexp.data.io.read`.
    """
    table = remedied(path, format, source, columns)
    format, source, columns = table.format, table.source, table.columns
    cells, empty = _filled_rows(_measurements_as_numbers(columns.cells), source.rows)
    cells = _without_na(cells, format.na)
    rows = source.rows - empty
    index = index_of(source, format)
    profiled, by_role = described(cells, index, rows, source.annotations)
    codes = find_codes({c.name: cells[c.name] for c in by_role.features if not c.is_text})
    if declared := [code.text for code in codes if code.is_missing]:
        format = _with(format, na=declared)
        cells = _without_na(cells, declared)
        profiled, by_role = described(cells, index, rows, source.annotations)
    mixed, made_numeric = table.mixed, table.made_numeric
    return Reading(
        format, source, rows, cells, mixed, made_numeric, profiled, by_role, empty, codes
    )


def _applicable(remedies: Mapping[str, Remedy], cells: Mapping[str, Any]) -> dict[str, Remedy]:
    """Return what makes text columns numeric that are measurements by their names.

    A word that becomes missing must not be a category of another text column.
    """
    texts = [
        pd.Series(column.unique())
        for name, column in cells.items()
        if isinstance(column, pd.Series) and name not in remedies
    ]
    return {
        name: remedy
        for name, remedy in remedies.items()
        if not _has_role(name) and not any(NaValues(words=remedy.na).among(text) for text in texts)
    }


def _measurements_as_numbers(cells: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the columns with numbers instead of text where a measurement has only numbers."""
    texts = pd.DataFrame({
        name: column
        for name, column in cells.items()
        if isinstance(column, pd.Series) and not _has_role(name)
    })  # fmt: skip
    numbers = numbers_as_text(texts, texts.columns)
    return {**cells, **{name: column.to_numpy() for name, column in numbers.items()}}


def _has_role(name: str) -> bool:
    """Return whether a column is no measurement by its name."""
    return any(pattern.fullmatch(name) for pattern in NAMES_OF_ROLES)


def _with(format: Format, na: Sequence[str] = (), units: Sequence[str] = ()) -> Format:
    """Return a format with more values that mean missing cells, and more units."""
    return replace(
        format,
        na=[*dict.fromkeys([*format.na, *na])],
        units=[*dict.fromkeys([*format.units, *units])],
    )


def index_of(source: TableSource, format: Format) -> tuple[str, ...]:
    """Return the columns that the file declares as names of the rows, if they still are."""
    return () if format.transpose or format.pivot else source.index


def described(
    cells: Mapping[str, Any],
    index: tuple[str, ...],
    rows: int,
    annotations: tuple[str, ...] = (),
) -> tuple[Profile, Roles]:
    """Return the profile and the roles of columns. index, annotations: see `TableSource`."""
    profiled = profile(cells, rows, index, annotations)
    return profiled, roles(profiled.columns, cells)


def _filled_rows(cells: Mapping[str, Any], rows: int) -> tuple[Mapping[str, Any], int]:
    """Return the columns without the rows that have no cell, and the number of these rows."""
    empty = np.ones(rows, bool)
    for column in cells.values():
        empty &= _is_missing(column)
        if not empty.any():
            return cells, 0
    if empty.all():
        return cells, 0
    return {name: _shrunk(column[~empty]) for name, column in cells.items()}, int(empty.sum())


def _is_missing(cells: Any) -> NDArray[np.bool_]:
    return np.asarray(pd.isna(cells))


def _shrunk(cells: Any) -> Any:
    """Return cells as integers if they were floats only because of empty rows."""
    if isinstance(cells, pd.Series) or cells.dtype != np.float64:
        return cells.reset_index(drop=True) if isinstance(cells, pd.Series) else cells
    is_integral = (cells % 1 == 0).all() and (np.abs(cells) < EXACT).all()
    return cells.astype(np.int64) if is_integral else cells


def _without_na(cells: Mapping[str, Any], na: Sequence[str]) -> Mapping[str, Any]:
    """Return the columns without declared values, except in those that count the rows."""
    if not na:
        return cells
    names = [name for name, column in cells.items() if not increases(column)]
    frame, _ = without_na(pd.DataFrame({name: cells[name] for name in names}), names, na)
    return {**cells, **{name: _as_before(frame[name], cells[name]) for name in names}}


def _as_before(values: pd.Series[Any], before: Any) -> Any:
    """Return a column as an array if it was one, or if it is now numeric."""
    is_array = is_numeric(values) or not isinstance(before, pd.Series)
    return values.to_numpy() if is_array else values
