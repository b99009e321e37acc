"""Data frames of pandas, as batches of a table."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from aeexp.data.io.arrow import scan
from aeexp.data.io.table_source import TableSource
from aeexp.errors import UserError

Frames = Callable[[], Iterator[pd.DataFrame]]


def frames_table(kind: str, frames: Frames, notes: list[str]) -> TableSource:
    """Scan data frames with the same columns; a column may have another type in each.

    kind: the file format. frames: reads the file from its start.

    Raises:
        UserError: There are no rows, or two columns have the same name.
    """

    def chunks() -> Iterator[pa.RecordBatch]:
        for frame in quietly(frames()):
            yield pa.RecordBatch.from_arrays(
                [_array(frame.iloc[:, i]) for i in range(frame.shape[1])],
                names=list(map(str, frame.columns)),
            )

    first = next(chunks(), None)
    if first is None:
        raise UserError("it has 0 data rows.")
    return scan(kind, first.schema, chunks, notes)


def quietly(frames: Iterator[Any]) -> Iterator[Any]:
    """Yield what an iterator yields, without its warnings."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _array(values: "pd.Series[Any]") -> pa.Array:
    """Return a column as an Arrow array; categories and other objects become text."""
    if values.dtype.kind in "fiubmM":
        return pa.array(values.to_numpy(), from_pandas=True)
    cells = values.astype(object)
    absent = values.isna() | (cells == "")
    return pa.array(
        [None if gap else _word(cell) for cell, gap in zip(cells, absent, strict=True)],
        pa.string(),
    )


def _word(cell: Any) -> str:
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    is_whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if is_whole else cell)
