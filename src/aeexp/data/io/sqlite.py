"""The result of a query to an SQLite database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from aeexp.data.io.arrow import ROWS, scan
from aeexp.data.io.names import listed
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError

READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, 33)
"""What a query may do; 33 is SQLITE_RECURSIVE."""
NAMES = """
    SELECT name FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'
"""


def open_sqlite(file: TableFile) -> TableSource:
    """Scan the result of dataset.query, or the only table.

    Raises:
        UserError: The query is none, or there are several tables and no query.
    """
    with closing(_connect(file.path)) as database:
        try:
            names = [name for (name,) in database.execute(NAMES)]
        except sqlite3.Error as error:
            raise UserError(f"it cannot be read as an SQLite database ({error}).") from error
    query = file.format.query
    if query is None:
        if len(names) != 1:
            raise UserError(
                f"the database has the tables {listed(names) or 'none'}. Choose with"
                " dataset.query, a query in SQL."
            )
        quoted = names[0].replace('"', '""')
        query = f'SELECT * FROM "{quoted}"'  # noqa: S608  (the name is quoted)

    def chunks() -> Iterator[pa.RecordBatch]:
        with closing(_connect(file.path)) as database:
            try:
                cursor = database.execute(query)
                columns = [name for name, *_ in cursor.description]
                while rows := cursor.fetchmany(ROWS):
                    arrays = map(_array, zip(*rows, strict=True))
                    yield pa.RecordBatch.from_arrays(list(arrays), names=columns)
            except sqlite3.Error as error:
                tables = listed(names)
                raise UserError(f"dataset.query: {error}. The tables are {tables}.") from error

    first = next(chunks(), None)
    if first is None:
        raise UserError("it has 0 data rows. Does the query select any?")
    return scan(file.kind, first.schema, chunks)


def _connect(path: Path) -> sqlite3.Connection:
    """Open a database that cannot be changed, with functions that its views cannot misuse."""
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    database.execute("PRAGMA trusted_schema=OFF")
    database.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY
    )
    return database


def _array(cells: tuple[Any, ...]) -> pa.Array:
    """Return cells of one type as they are, and mixed cells as text."""
    try:
        return pa.array(cells)
    except pa.ArrowException:
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
