"""What a run left in its directory, read back."""

import csv
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import gethostname
from typing import Any

import numpy as np
import psutil

from aeexp.config.spec import Backend
from aeexp.data import Integers
from aeexp.runs.csv_file import read
from aeexp.runs.document import BrokenFileError, load
from aeexp.runs.schemas import AnswerJson, MetricsJson, RunJson, Status


@dataclass(frozen=True)
class Run:
    """A run's directory, whatever became of the run."""

    folder: Path

    @property
    def record(self) -> Mapping[str, Any]:
        """Return run.json, empty where there is none.

        Raises:
            UserError: It is not what aeexp writes; so do the others.
        """
        return self._checked("run.json", RunJson)

    @property
    def status(self) -> Status:
        """Return how the run ended; RUNNING or INCOMPLETE if it has not: see `_lives`."""
        record = self.record
        status = Status(record.get("status", Status.INCOMPLETE.value))
        return Status.INCOMPLETE if status is Status.RUNNING and not _lives(record) else status

    @property
    def backend(self) -> Backend:
        """Return the backend that the run computed with."""
        return Backend(self.record.get("backend", Backend.jax.value))

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return metrics.json, with not-a-number for null; empty where there is none."""
        return {
            name: math.nan if value is None else float(value)
            for name, value in self._checked("metrics.json", MetricsJson).items()
        }

    @property
    def answer(self) -> Sequence[Mapping[str, str]]:
        """Return the sentences of answer.json, none where there is none."""
        return self._checked("answer.json", AnswerJson).get("sentences", [])

    def table(self, name: str, most: int = sys.maxsize) -> Mapping[str, Sequence[str]]:
        """Return the columns of a table as text, `history` or `latents`, say; none if absent.

        Of more rows than `most` a random choice is returned, the same of tables that have as many.
        """
        text, parquet = (self.folder / f"{name}.{ending}" for ending in ("csv", "parquet"))
        if parquet.is_file():
            return _of_parquet(parquet, most)
        if not text.is_file():
            return {}
        header, *rows = _rows(text)
        rows = [rows[i] for i in sample_rows(len(rows), most)]
        return {name: [row[i] for row in rows] for i, name in enumerate(header)}

    def document(self, name: str) -> Mapping[str, Any]:
        """Return the content of a JSON file by its name without the ending; empty if absent."""
        return self._checked(f"{name}.json", dict[str, Any])

    def _checked(self, name: str, kind: Any) -> Mapping[str, Any]:
        path = self.folder / name
        return load(path, kind) if path.is_file() else {}


def _rows(path: Path) -> list[list[str]]:
    """Return the rows of a csv file, its header first, all as long as that."""
    try:
        rows = [*read(path)]
    except (ValueError, csv.Error) as error:
        raise BrokenFileError(path, f"is not what aeexp writes: {error}") from error
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            cells = f"row {number} has {len(row)} cells, and the header {len(rows[0])}"
            raise BrokenFileError(path, f"is not what aeexp writes: {cells}")
    if not rows:
        raise BrokenFileError(path, "is empty")
    return rows


def _of_parquet(path: Path, most: int) -> Mapping[str, Sequence[str]]:
    import pyarrow as pa  # noqa: PLC0415  (heavy, and seldom needed)
    from pyarrow import compute, parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(path) as file:
            places, parts, start = sample_rows(file.metadata.num_rows, most), [], 0
            for part in file.iter_batches():
                here = places[(start <= places) & (places < start + len(part))]
                parts.append(part.take(pa.array(here - start)))
                start += len(part)
            table = pa.Table.from_batches(parts)
        text = [compute.fill_null(column.cast("string"), "") for column in table.columns]
    except (OSError, pa.ArrowException) as error:
        raise BrokenFileError(path, f"is not what aeexp writes: {error}") from error
    return dict(zip(table.column_names, (column.to_pylist() for column in text), strict=True))


def sample_rows(rows: int, most: int) -> Integers:
    """Return which rows of a table are read: at most `most`, a random choice in their order."""
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])


def _lives(record: Mapping[str, Any]) -> bool:
    """Return whether a record's process goes on; one on another host is taken to.

    A heartbeat would tell of other hosts, too, for the price of a thread and of writes as long as
    a run lasts. Nothing waits for the answer: whether a sweep is being worked on, its lock says.
    """
    if "pid" not in record or record.get("host") != gethostname():
        return "pid" in record
    try:
        process = psutil.Process(record["pid"])
        # one that was born after the run has inherited no more than its number
        older = process.create_time() <= datetime.fromisoformat(record["started"]).timestamp()
        return older and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
