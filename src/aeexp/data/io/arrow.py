"""Files with typed columns: Parquet and Arrow."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aeexp.data.features import EXACT
from aeexp.data.io.names import listed, named, shown
from aeexp.data.io.table_source import Chunks, TableFile, TableSource

ROWS = 65_536  # of a batch
PANDAS_INDEX = re.compile(r"__index_level_\d+__")
BUFFER = 1 << 16  # bytes of a column to read ahead; by default Arrow reads a whole row group


def open_parquet(file: TableFile) -> TableSource:
    """Scan a Parquet file.

    Raises:
        UserError: Two columns have the same name.
    """

    def chunks() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(file.path, buffer_size=BUFFER, pre_buffer=False) as parquet:
            yield from parquet.iter_batches(ROWS, use_threads=False)  # threads double the memory

    with pq.ParquetFile(file.path, buffer_size=BUFFER, pre_buffer=False) as parquet:
        return scan("parquet", parquet.schema_arrow, chunks)


def open_arrow(file: TableFile) -> TableSource:
    """Scan an Arrow file or stream. A Feather file is an Arrow file.

    Raises:
        UserError: Two columns have the same name.
    """

    def chunks() -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(file.path)) as stream:
            reader = _ipc_reader(stream)
            if isinstance(reader, pa.ipc.RecordBatchFileReader):
                yield from map(reader.get_batch, range(reader.num_record_batches))
            else:
                yield from reader

    with pa.memory_map(str(file.path)) as stream:
        schema = _ipc_reader(stream).schema
    return scan("arrow", schema, chunks)


def _ipc_reader(stream: Any) -> Any:
    try:
        return pa.ipc.open_file(stream)
    except pa.ArrowInvalid:
        stream.seek(0)
        return pa.ipc.open_stream(stream)


def scan(kind: str, schema: pa.Schema, chunks: Chunks, notes: Sequence[str] = ()) -> TableSource:
    """Read all batches once, to find column types that preserve every value.

    chunks: reads the file as batches with the names of `schema`, whose columns have any types,
    also different ones in each batch.

    Raises:
        UserError: Two columns have the same name.
    """
    names = named(schema.names)
    columns = [_Column(kind) for kind in schema.types]
    rows = 0
    for batch in chunks():
        rows += batch.num_rows
        for column, values in zip(columns, batch.columns, strict=True):
            column.widen(values.type)
            column.update(values)
    typed = pa.schema([(name, c.type) for name, c in zip(names, columns, strict=True)])
    texts = {
        name: reason(name, column.value_type, column.examples)
        for name, column in zip(names, columns, strict=True)
        if pa.types.is_string(column.type)
    }

    def convert() -> Iterator[pa.RecordBatch]:
        for batch in chunks():
            arrays = list(map(_cast, batch.columns, typed.types))
            yield pa.RecordBatch.from_arrays(arrays, schema=typed)

    pandas_metadata = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = pandas_metadata.get("index_columns", []) if isinstance(pandas_metadata, dict) else []
    # other programs that copy such a file lose the note of pandas, but not the column
    index = tuple(n for n in schema.names if n in index or PANDAS_INDEX.fullmatch(n))
    return TableSource(kind, rows, typed, tuple(notes), texts, convert, index)


def plain(values: Any) -> Any:
    """Convert an array to int64, float32, float64 or, if these lose a value, to text."""
    column = _Column(values.type)
    column.update(values)
    return _cast(values, column.type)


def reason(name: str, kind: pa.DataType, examples: Iterable[Any]) -> str:
    """Return a sentence on why a column of some type is not numeric."""
    return f"column '{shown(name)}' has type {kind}, for example {listed(examples)}"


@dataclass
class _Column:
    """What the values read so far require of a column's type."""

    declared: pa.DataType
    has_nulls: bool = False
    largest: int = 0  # absolute value of an integer
    examples: list[Any] = field(default_factory=list)

    @property
    def value_type(self) -> pa.DataType:
        """Return the type of the values, also of a dictionary-encoded column."""
        is_encoded = pa.types.is_dictionary(self.declared)
        return self.declared.value_type if is_encoded else self.declared

    @property
    def type(self) -> pa.DataType:
        """Return int64, float32 or float64, or string if these cannot hold every value."""
        kind = self.value_type
        if kind in (pa.float16(), pa.float32()):
            return pa.float32()
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
            return pa.float64() if self.largest <= EXACT else pa.string()
        if not (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            return pa.string()
        if self.largest > (EXACT if self.has_nulls else 2**63 - 1):
            return pa.string()
        return pa.float64() if self.has_nulls else pa.int64()

    def widen(self, kind: pa.DataType) -> None:
        """Take account of a type of values that may differ from that of the values before."""
        if kind == self.declared or pa.types.is_null(kind):
            return
        declared, self.declared = self.declared, kind
        if pa.types.is_null(declared):
            return
        numbers = [pa.types.is_integer(k) or pa.types.is_floating(k) for k in (declared, kind)]
        self.declared = pa.float64() if all(numbers) else pa.string()

    def update(self, values: Any) -> None:
        """Take account of more values."""
        self.has_nulls |= values.null_count > 0
        if pa.types.is_integer(values.type):
            ends = pc.min_max(values).as_py()
            self.largest = max(self.largest, -(ends["min"] or 0), ends["max"] or 0)
        elif pa.types.is_string(self.type) and not self.examples:
            self.examples = values.slice(0, 100).drop_null()[:3].to_pylist()


def _cast(values: Any, kind: pa.DataType) -> Any:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return values.cast(kind)
    except pa.ArrowException:
        assert pa.types.is_string(kind), "numbers are cast to numbers"
        return pa.array([None if v is None else str(v) for v in values.to_pylist()], kind)
