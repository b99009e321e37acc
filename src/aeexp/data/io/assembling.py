"""Record batches into columns, and these into a pandas DataFrame, without holding them twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


@dataclass(frozen=True)
class Columns:
    """The columns of a table by name: arrays of numbers, and pandas series of text.

    block: (columns, rows) the array that all of them are rows of, if they have one type.
    """

    cells: Mapping[str, Any]
    block: Any

    def frame(self) -> pd.DataFrame:
        """Return them as a frame; `to_numpy` of columns that are all float32 copies nothing."""
        if self.block is not None:
            return pd.DataFrame(self.block.T, columns=list(self.cells), copy=False)
        return pd.DataFrame(dict(self.cells), copy=False)


def gather(batches: Iterable[pa.RecordBatch], rows: int, schema: pa.Schema) -> Columns:
    """Return the columns of so many rows."""
    numbers = {
        kind: np.empty((schema.types.count(kind), rows), kind.to_pandas_dtype())
        for kind in dict.fromkeys(schema.types)
        if not pa.types.is_string(kind)
    }
    places = {kind: iter(block) for kind, block in numbers.items()}
    columns: list[Any] = [
        [] if pa.types.is_string(kind) else next(places[kind]) for kind in schema.types
    ]
    start = 0
    for batch in batches:
        for column, values in zip(columns, batch.columns, strict=True):
            if isinstance(column, list):
                column.append(values)
            else:
                column[start : start + len(values)] = values.to_numpy(zero_copy_only=False)
        start += batch.num_rows
    assert start == rows, "the file has been counted, and has not changed since"
    cells = zip(schema.names, map(_series, columns), strict=True)
    blocks = [*numbers.values()]
    whole = len(blocks) == 1 and len(blocks[0]) == len(columns)
    return Columns(dict(cells), blocks[0] if whole else None)


def _series(column: Any) -> Any:
    if not isinstance(column, list):
        return column
    return pa.chunked_array(column, pa.string()).to_pandas()
