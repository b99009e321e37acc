"""A table in a file: its schema, its number of rows, and how to read it into columns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from aeexp.config.spec import Format
from aeexp.data.io.cells import PLAIN, Style

Chunks = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Remedy:
    """What makes a text column numeric: texts that are missing, and a unit to remove."""

    na: tuple[str, ...] = ()
    unit: str | None = None


@dataclass(frozen=True)
class TableFile:
    """A file to read.

    kind: its ending, such as "csv", without that of a compression. format: what the user has set.
    most_bytes: the limit of its content when unpacked.
    """

    path: Path
    kind: str
    format: Format
    most_bytes: float


@dataclass(frozen=True)
class TableSource:
    """A table whose types and number of rows are determined, but whose rows stay in the file.

    kind: the file format, such as "csv". schema: columns of int64, float32, float64 or string.
    notes: sentences on how the file was interpreted. texts: for each text column, a sentence on
    why it is not numeric. chunks: reads the file from its start at each call and returns record
    batches of the schema. index: the columns that the file declares as names of the rows.
    remedies: for each text column that has mostly numbers, what makes it numeric; None if the
    columns of text are not yet examined. annotations: the columns that describe the rows and are
    not learnt from, unless the user names them in dataset.columns. style: of the numbers in
    columns of text.
    """

    kind: str
    rows: int
    schema: pa.Schema
    notes: tuple[str, ...]
    texts: Mapping[str, str]
    chunks: Chunks
    index: tuple[str, ...] = ()
    remedies: Mapping[str, Remedy] | None = None
    annotations: tuple[str, ...] = ()
    style: Style = PLAIN


@dataclass(frozen=True)
class Columns:
    """The columns of a table in memory.

    cells: a NumPy array for each numeric column, a pandas series for each text column, by name.
    block: the (columns, rows) array that contains all columns; None unless they share a type.
    """

    cells: Mapping[str, Any]
    block: Any

    def frame(self) -> pd.DataFrame:
        """Return a data frame; if all columns are float32, its `to_numpy` does not copy."""
        if self.block is not None:
            return pd.DataFrame(self.block.T, columns=list(self.cells), copy=False)
        return pd.DataFrame(dict(self.cells), copy=False)


def gather(batches: Iterable[pa.RecordBatch], rows: int, schema: pa.Schema) -> Columns:
    """Copy record batches into columns, one batch at a time.

    rows: the total number of rows in the batches.
    """
    blocks = {
        kind: np.empty((schema.types.count(kind), rows), kind.to_pandas_dtype())
        for kind in dict.fromkeys(schema.types)
        if not pa.types.is_string(kind)
    }
    unused = {kind: iter(block) for kind, block in blocks.items()}
    columns: list[Any] = [
        [] if pa.types.is_string(kind) else next(unused[kind]) for kind in schema.types
    ]
    start = 0
    for batch in batches:
        for column, values in zip(columns, batch.columns, strict=True):
            if isinstance(column, list):
                column.append(values)
            else:
                column[start : start + len(values)] = values.to_numpy(zero_copy_only=False)
        start += batch.num_rows
    assert start == rows, "the file has changed since its rows were counted"
    cells = {
        name: pa.chunked_array(column, pa.string()).to_pandas()
        if isinstance(column, list)
        else column
        for name, column in zip(schema.names, columns, strict=True)
    }
    block = next(iter(blocks.values()), None)
    return Columns(cells, block if block is not None and len(block) == len(columns) else None)
