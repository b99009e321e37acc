"""A file that has been looked through: what it holds, and how to get at its rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

Chunks = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Opened:
    """A table of known names and types, whose rows are read each time that `chunks` is called.

    kind: what the file is, such as "csv". texts: of each column of text, why it is not one of
    numbers. chunks: record batches of the schema: int64, float32, float64 and string. index: the
    columns that name the rows, as pandas has written down.
    """

    kind: str
    rows: int
    schema: pa.Schema
    notes: tuple[str, ...]
    texts: Mapping[str, str]
    chunks: Chunks
    index: tuple[str, ...] = ()
