"""Rows of a user's table with missing or infinite cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aeexp.config.spec import Infinite, Missing, Table
from aeexp.errors import UserError
from aeexp.text import counted, few, short

if TYPE_CHECKING:
    import pandas as pd

FILLED_BY = {
    Missing.mean: "the mean of the training rows",
    Missing.median: "the median of the training rows",
    Missing.knn: "the 5 nearest training rows that have the value",
}


def complete_rows(
    spec: Table, frame: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows to learn from, without infinite cells, and notes on the changes.

    names: the columns to learn from.

    Raises:
        UserError: Cells are missing or infinite, and the spec does not allow them.
    """
    frame, notes = _without_infinities(spec, frame, names)
    gaps = frame[[*names]].isna()
    empty = gaps.all(axis=1)
    if empty.any() and not empty.all():
        frame, gaps = frame[~empty], gaps[~empty]
        rows = counted(int(empty.sum()), "row")
        notes.append(f"{rows} without a value in the columns to learn from left out")
    counts = gaps.sum()
    if not counts.any():
        return frame, notes
    missing = f"{int(counts.sum()):,} of {gaps.size:,} cells are missing"
    match spec.missing:
        case Missing.error:
            columns = [
                f"{short(str(name))} ({count:,})" for name, count in counts[counts > 0].items()
            ]
            rows = gaps.index[gaps.any(axis=1)][:5]
            numbered = rows.dtype.kind == "i"
            first = ", ".join(str(row + 1) if numbered else short(str(row)) for row in rows)
            raise UserError(
                f"{spec.path}: {missing}, in {few(columns, more='more columns')}; the first are in"
                f" the data rows {first}. Set dataset.missing=drop_rows, mean, median or knn, or"
                " exclude columns with dataset.drop."
            )
        case Missing.drop_rows:
            complete = ~gaps.any(axis=1)
            dropped = int((~complete).sum())
            notes.append(f"{missing}: {dropped:,} of {len(frame):,} rows are dropped")
            frame = frame[complete]
        case filled:
            notes.append(f"{missing}: filled by {FILLED_BY[filled]}")
    return frame, notes


def _without_infinities(
    spec: Table, frame: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    floats = [name for name in names if frame[name].dtype.kind == "f"]
    counts = {name: int(np.isinf(frame[name].to_numpy(float)).sum()) for name in floats}
    infinite = {name: count for name, count in counts.items() if count}
    if not infinite:
        return frame, []
    if spec.infinite is Infinite.missing:
        frame = frame.assign(
            **{name: frame[name].replace([np.inf, -np.inf], np.nan) for name in infinite}
        )
        return frame, [f"{sum(infinite.values()):,} infinite cells are taken as missing"]
    columns = few([f"{name} ({count:,})" for name, count in infinite.items()], more="more columns")
    raise UserError(f"{spec.path}: infinite cells in {columns}. Set dataset.infinite=missing.")
