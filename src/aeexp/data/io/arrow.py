"""Files that bring types along: Parquet and Arrow."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aeexp.data.io.cells import EXACT
from aeexp.data.io.names import listed, named, shown
from aeexp.data.io.table_source import Chunks, Opened

ROWS = 65_536  # of a batch
BUFFER = 1 << 16  # bytes of a column read ahead, instead of all of its row group


def open_parquet(path: Path) -> Opened:
    """Look through a Parquet file.

    Raises:
        UserError: Two columns have the same name.
    """

    def chunks() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
            yield from file.iter_batches(ROWS, use_threads=False)  # they hold twice as much

    with pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
        return look_through("parquet", file.schema_arrow, chunks)


def open_arrow(path: Path) -> Opened:
    """Look through an Arrow file or stream; Feather is Arrow's file.

    Raises:
        UserError: Two columns have the same name.
    """

    def chunks() -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(path)) as file:
            try:
                reader = pa.ipc.open_file(file)
            except pa.ArrowInvalid:
                file.seek(0)
                yield from pa.ipc.open_stream(file)
            else:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)

    with pa.memory_map(str(path)) as file:
        try:
            schema = pa.ipc.open_file(file).schema
        except pa.ArrowInvalid:
            file.seek(0)
            schema = pa.ipc.open_stream(file).schema
    return look_through("arrow", schema, chunks)


def look_through(
    kind: str, schema: pa.Schema, chunks: Chunks, notes: Sequence[str] = ()
) -> Opened:
    """Tell the types in which a table's columns lose nothing.

    Raises:
        UserError: Two columns have the same name.
    """
    names = named(schema.names)
    columns = [_Column(each) for each in schema.types]
    rows = 0
    for batch in chunks():
        rows += batch.num_rows
        for column, values in zip(columns, batch.columns, strict=True):
            column.see(values)
    typed = pa.schema([(name, c.type) for name, c in zip(names, columns, strict=True)])
    texts = {
        name: f"column '{shown(name)}' is {column.kind}, such as {listed(column.examples)}"
        for name, column in zip(names, columns, strict=True)
        if pa.types.is_string(column.type)
    }
    index = tuple(_index(schema))
    return Opened(kind, rows, typed, tuple(notes), texts, lambda: _typed(chunks, typed), index)


def _index(schema: pa.Schema) -> Iterator[str]:
    """Yield the columns that were the index of a pandas data frame: they name its rows."""
    said = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    described = said.get("index_columns", []) if isinstance(said, dict) else []
    yield from (name for name in described if isinstance(name, str) and name in schema.names)


@dataclass
class _Column:
    """What is known of a column of some type after some of its values."""

    given: pa.DataType
    holes: bool = False
    largest: int = 0
    examples: list[Any] = field(default_factory=list)

    @property
    def kind(self) -> pa.DataType:
        """Return the type of the values, however they are encoded."""
        return self.given.value_type if pa.types.is_dictionary(self.given) else self.given

    @property
    def type(self) -> pa.DataType:
        """Return int64, float32, float64 or, where these lose something, string."""
        kind = self.kind
        if kind in (pa.float16(), pa.float32()):
            return pa.float32()
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
            return pa.float64()
        if not (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            return pa.string()
        exact = self.largest <= (EXACT if self.holes else 2**63 - 1)
        return (pa.float64() if self.holes else pa.int64()) if exact else pa.string()

    def see(self, values: Any) -> None:
        """Learn of further values."""
        self.holes |= values.null_count > 0
        if pa.types.is_integer(self.given):
            ends = pc.min_max(values).as_py()
            self.largest = max(self.largest, -(ends["min"] or 0), ends["max"] or 0)
        elif pa.types.is_string(self.type) and not self.examples:
            self.examples = values.slice(0, 100).drop_null()[:3].to_pylist()


def _typed(chunks: Chunks, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in chunks():
        columns = map(_cast, batch.columns, schema.types)
        yield pa.RecordBatch.from_arrays(list(columns), schema=schema)


def _cast(values: Any, kind: pa.DataType) -> Any:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return values.cast(kind)
    except pa.ArrowException:
        assert pa.types.is_string(kind), "numbers are cast to numbers"
        return pa.array([None if v is None else str(v) for v in values.to_pylist()], kind)
