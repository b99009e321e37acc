"""What becomes of cells that are missing or infinite, as far as it can be before the split."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aeexp.config.spec import Infinite, Missing, Table
from aeexp.errors import UserError
from aeexp.text import few, short

NAMED = 5  # columns named in a message
FILLS = {
    Missing.mean: "the mean of the training rows",
    Missing.median: "the median of the training rows",
    Missing.knn: "the 5 nearest training rows that have the value",
}


def cleaned(
    spec: Table, frame: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that are learnt from, without infinities, and what was done to them.

    names: of the columns to learn from.

    Raises:
        UserError: Cells are missing or infinite, and nothing says what is to become of them.
    """
    frame, notes = _without_infinities(spec, frame, names)
    gaps = frame[[*names]].isna()
    counts = gaps.sum()
    if not counts.any():
        return frame, notes
    said = f"{int(counts.sum()):,} of {gaps.size:,} cells are missing"
    match spec.missing:
        case Missing.error:
            _refuse_gaps(spec, gaps, f"{spec.path}: {said}")
        case Missing.drop_rows:
            whole = ~gaps.any(axis=1)
            notes.append(f"{said}: {int((~whole).sum()):,} of {len(frame):,} rows are left out")
            frame = frame[whole]
        case filled:
            notes.append(f"{said}: filled by {FILLS[filled]}")
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
        known = frame.assign(
            **{name: frame[name].replace([np.inf, -np.inf], np.nan) for name in infinite}
        )
        return known, [f"{sum(infinite.values()):,} infinite cells are taken as missing"]
    said = ", ".join(f"{name} ({count:,})" for name, count in [*infinite.items()][:NAMED])
    message = f"{spec.path}: infinite cells in {said}: say dataset.infinite=missing."
    raise UserError(message)


def _refuse_gaps(spec: Table, gaps: pd.DataFrame, said: str) -> None:
    counts = gaps.sum()
    columns = [f"{short(str(name))} ({count:,})" for name, count in counts[counts > 0].items()]
    rows = gaps.index[gaps.any(axis=1)][:NAMED]
    counted = pd.api.types.is_integer_dtype(rows)
    first = ", ".join(str(row + 1) if counted else short(str(row)) for row in rows)
    message = (
        f"{said}, in {few(columns, more='more columns')}, first in data rows {first}: say"
        " dataset.missing=drop_rows, mean, median or knn, or leave columns out with dataset.drop."
    )
    raise UserError(message)
