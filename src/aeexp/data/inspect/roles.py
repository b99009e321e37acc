"""The role of each column of a table: row name, time, group, label or measurement."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aeexp.data.dataset import Floats, Integers
from aeexp.data.design import (
    MOST_COLUMNS,
    MOST_ROWS,
    Design,
    correlation_time,
    numbered,
    order_of,
)
from aeexp.data.features import words
from aeexp.data.inspect.profile import NAMES_ID, NAMES_LABEL, Column
from aeexp.data.io.reader import MIN_ROWS
from aeexp.data.table.convert import PARTS

WORD = r"(?i)(?:.*[_ .-])?(?:{})(?:[_ .-].*|\d*)"
NAMES_TIME = re.compile(
    WORD.format(
        "time|timestamps?|date|datetime|t|bin|frame|seconds?|sec|minutes?|hours?|days?|weeks?"
        "|months?|years?|epoch|trial"
    )
)
NAMES_GROUP = re.compile(
    WORD.format(
        "animal|mouse|rat|monkey|fish|subject|participant|patient|donor|person|individual|session"
        "|recording|cage|litter|family|plant|tree"
    )
)
NAMES_BATCH = re.compile(
    WORD.format("batch|plate|run|lane|chip|slide|site|centre|center|scanner|hospital|experimenter")
)
FEWEST_REPEATS = 2
"""Rows of a group, on average, from which a column with such a name is taken as groups."""


@dataclass(frozen=True)
class Roles:
    """The columns of a table by role.

    split: the column that has the part of each row: training, validation or test. unused: columns
    that are no measurements and have no other role. features: columns to learn
    from. autocorrelation: of neighbouring rows, None if they are no more similar than by chance.
    tau: correlation time in rows.
    """

    row_id: Column | None
    time: Column | None
    group: Column | None
    batch: Column | None
    labels: tuple[Column, ...]
    unused: tuple[Column, ...]
    features: tuple[Column, ...]
    autocorrelation: float | None = None
    tau: int = 1
    split: Column | None = None

    @property
    def special(self) -> dict[str, Column]:
        """Return the columns with a key of their own, by this key."""
        columns = {"id": self.row_id, "time": self.time, "group": self.group, "batch": self.batch}
        return {key: column for key, column in columns.items() if column is not None}

    @property
    def order(self) -> str | None:
        """Return the value of dataset.time: a column, or "rows" if rows look ordered."""
        if self.time is not None:
            return self.time.name
        return "rows" if self.autocorrelation is not None else None


def _are_parts(cells: Any) -> bool:
    """Return whether these are names of parts of a split, more than one."""
    parts = {PARTS.get(text.strip().lower()) for text in pd.unique(words(cells))}
    return None not in parts and len(parts) > 1


def roles(columns: Sequence[Column], cells: Mapping[str, Any]) -> Roles:
    """Return the role of each column, by its name and its values. cells: of each column."""
    left = [column for column in columns if not column.index and column.name.isprintable()]

    def take(is_role: Callable[[Column], bool]) -> Column | None:
        column = next(filter(is_role, left), None)
        if column is not None:
            left.remove(column)
        return column

    split = take(lambda c: c.is_text and c.is_category and _are_parts(cells[c.name]))
    group = take(_is_group)
    sessions = None if group is None else _codes(cells[group.name])
    time = take(lambda c: _is_time(c, cells[c.name], sessions)) or take(
        lambda c: c.type.startswith("float") and _rises(cells[c.name])
    )
    batch = take(
        lambda c: c.is_category and c.is_discrete and NAMES_BATCH.fullmatch(c.name) is not None
    )
    labels = sorted(
        (c for c in left if c.is_label), key=lambda c: not NAMES_LABEL.fullmatch(c.name)
    )
    left = [c for c in left if c not in labels]
    index = next(
        (c for c in columns if c.index and c.name.isprintable() and c.distinct == c.rows), None
    )
    row_id = (
        index
        or take(lambda c: c.is_id and NAMES_ID.fullmatch(c.name) is not None)
        or take(lambda c: c.is_id)
    )
    used = {group, time, row_id, batch, split, *labels}
    rest = [c for c in columns if not (c.index or c.annotation or c in used)]
    unused = [c for c in rest if c.is_id or not c.distinct or (c.is_text and not c.is_category)]
    features = [c for c in rest if c not in unused]
    numeric = [cells[c.name] for c in features if not c.is_text][:MOST_COLUMNS]
    sorted_by = sessions if group or not labels else _codes(cells[labels[0].name])
    autocorrelation, tau = _ordered(numeric, sorted_by)
    if group is not None and time is not None and autocorrelation is None:
        unused, time = [time, *unused], None  # such as a trial number: time does not matter
    return Roles(
        row_id,
        time,
        group,
        batch,
        tuple(labels),
        tuple(unused),
        tuple(features),
        autocorrelation,
        tau,
        split,
    )


def _codes(cells: Any) -> Integers:
    """Return the number of each cell among the distinct ones: (rows,)."""
    return numbered(words(pd.Series(cells)).astype(str))


def _is_group(column: Column) -> bool:
    """Return whether it has such a name and several rows for each of its values."""
    repeats = 2 <= column.distinct <= column.rows / FEWEST_REPEATS and not column.missing
    return repeats and column.is_discrete and NAMES_GROUP.fullmatch(column.name) is not None


def _is_time(column: Column, cells: Any, sessions: Integers | None) -> bool:
    """Return whether it has such a name and rises, from row to row or in each session."""
    if column.missing or not NAMES_TIME.fullmatch(column.name):
        return False
    if column.is_text:
        try:
            cells = pd.to_datetime(cells, format="ISO8601", utc=True).astype("int64").to_numpy()
        except (ValueError, TypeError):
            return False
    if _rises(cells):
        return True
    parts = [] if sessions is None else Design(groups=sessions).members()
    return bool(parts) and all((np.diff(cells[rows]) >= 0).all() for rows in parts)


def _rises(cells: Any) -> bool:
    """Return whether numbers never fall, and mostly rise, from row to row."""
    if len(cells) < MIN_ROWS or not (np.diff(cells[:64]) >= 0).all():
        return False
    steps = np.diff(cells)
    return bool((steps >= 0).all() and (steps > 0).mean() > 1 / 2)


def _ordered(numeric: Sequence[Floats], sorted_by: Integers | None) -> tuple[float | None, int]:
    """Return the autocorrelation of neighbouring rows and the correlation time."""
    if not numeric:
        return None, 1
    x = np.stack([cells[:MOST_ROWS].astype(np.float64) for cells in numeric], axis=1)
    x[np.isinf(x)] = np.nan
    sorted_by = None if sorted_by is None else sorted_by[:MOST_ROWS]
    autocorrelation = order_of(x, sorted_by)
    if autocorrelation is None:
        return None, 1
    sessions = [np.arange(len(x))] if sorted_by is None else Design(groups=sorted_by).members()
    return autocorrelation, correlation_time(x, sessions)
