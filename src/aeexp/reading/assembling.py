"""Record batches into a pandas DataFrame, without holding them twice."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


def assemble(batches: Iterable[pa.RecordBatch], rows: int, schema: pa.Schema) -> pd.DataFrame:
    """Return so many rows as a frame, whose columns of one type are rows of one array.

    So `to_numpy` of columns that are all float32, say, copies nothing.
    """
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
    if list(numbers) == list(dict.fromkeys(schema.types)) and len(numbers) == 1:
        return pd.DataFrame(next(iter(numbers.values())).T, columns=schema.names, copy=False)
    return pd.DataFrame(
        {name: _series(column) for name, column in zip(schema.names, columns, strict=True)},
        copy=False,
    )


def _series(column: Any) -> Any:
    if not isinstance(column, list):
        return column
    return pa.chunked_array(column, pa.string()).to_pandas()
