"""Which rows of a user's table depend on one another, and hints if nothing is stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import Table
from aeexp.data.dataset import Classes, Floats, Integers, Labels
from aeexp.data.design import Design, in_time, numbered, order_of
from aeexp.data.features import example, is_numeric, words
from aeexp.errors import UserError
from aeexp.text import counted

if TYPE_CHECKING:
    import pandas as pd

WORDS_OF_TIME = "rows", "none"
"""Values of dataset.time that name no column: the order in the file, and no order."""
MOST_UNUSED = 100
"""Unused columns that are examined for groups."""


def stated_design(
    spec: Table, every: pd.DataFrame, frame: pd.DataFrame, x: Floats, labels: Sequence[Labels]
) -> Design:
    """Return which rows depend on one another, and whether they look ordered if it is not stated.

    Rows that are sorted by the classes of the first label do not count as ordered.
    every: the table before rows were left out. frame, x, labels: of the others.
    """
    if spec.time is None:
        groups = None if spec.group is None else _groups(frame[spec.group])
        known = groups
        if known is None and labels and isinstance(labels[0], Classes):
            known = labels[0].codes
        looks_ordered = order_of(x, known)
        return Design(None, groups, "", spec.group or "", looks_ordered=looks_ordered)
    design = ordered(frame, spec.time, spec.group or "")
    if design.time is None:
        return design
    kept = every.index.isin(frame.index)
    gaps = has_gaps(every, kept, spec.time, spec.group or "")
    return in_time(replace(design, has_gaps=gaps), x)


def ordered(frame: pd.DataFrame, time: str, group: str) -> Design:
    """Return the order and the groups of rows, by the names of their columns.

    time: may also be rows or none. group: may be empty.

    Raises:
        UserError: A cell is empty, or is no time.
    """
    groups = _groups(frame[group]) if group else None
    ranks = None
    if time != "none":
        ranks = np.arange(len(frame)) if time == "rows" else _time(frame[time])
    return Design(ranks, groups, time, group)


def has_gaps(frame: pd.DataFrame, kept: NDArray[np.bool_], time: str, group: str) -> bool:
    """Return whether rows between others of a session are left out. kept: (rows,), the others.

    time, group: see `ordered`.
    """
    if kept.all():
        return False
    columns = [name for name in (time, group) if name and name != "rows"]
    known = frame[columns].notna().all(axis=1).to_numpy()  # others have no place in time
    inside = kept[known]
    for rows in ordered(frame[known], time, group).sessions():
        places = np.flatnonzero(inside[rows])
        if len(places) and len(places) <= places[-1] - places[0]:
            return True
    return False


def possible_groups(
    spec: Table, frame: pd.DataFrame, labels: Sequence[str], unused: Sequence[str]
) -> Iterator[str]:
    """Yield notes on columns that may group the rows, if the table has no groups.

    These are a column of row names that repeat, and unused columns of which each value has several
    rows and one class of a label, such as the animals of a genotype.
    """
    if spec.group is not None:
        return
    if spec.id is not None and (repeated := int(frame[spec.id].duplicated().sum())):
        yield (
            f"dataset.id={spec.id}: {repeated:,} of {len(frame):,} rows repeat the name of another"
            f" row; if rows of a name belong together, set dataset.group={spec.id}"
        )
    for label in labels:
        classes = frame[label].nunique()
        for name in unused[:MOST_UNUSED]:
            values = frame[name]
            if not 2 <= classes < values.nunique() <= len(frame) / 2:
                continue
            if frame.groupby(values)[label].nunique().max() == 1:
                yield (
                    f"{label} has one value in each {name}: if rows of {name} are not independent,"
                    f" set dataset.group={name}"
                )


def _groups(values: pd.Series[Any]) -> Integers:
    text = words(values)
    if empty := int((text == "").sum()):
        raise UserError(
            f"dataset.group={values.name}: {counted(empty, 'cell')} empty. Name a column that has"
            " a group in each row."
        )
    return numbered(text.astype(str))


def _time(values: pd.Series[Any]) -> Integers:
    """Return the rank of each row in time; rows of equal time keep their order.

    Raises:
        UserError: A cell is empty, or is neither a number nor a date.
    """
    import pandas as pd  # noqa: PLC0415

    name = f"dataset.time={values.name}"
    if empty := int(values.isna().sum()):
        raise UserError(
            f"{name}: {counted(empty, 'cell')} empty. Name a column with a time in each row, or"
            " set dataset.time=rows for the order in the file."
        )
    if not is_numeric(values):
        try:
            values = pd.to_datetime(values, format="ISO8601", utc=True)
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{name} must have numbers or dates such as 2024-01-31 or 2024-01-31T12:00, got"
                f" {example(values)}. Set dataset.time=rows for the order in the file."
            ) from error
    order = np.argsort(values.to_numpy(), kind="stable")
    return np.argsort(order)
