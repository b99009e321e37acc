"""Read the directory of a run."""

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
    """The directory of a run in any state."""

    folder: Path

    @property
    def record(self) -> Mapping[str, Any]:
        """Return run.json, empty if absent.

        Raises:
            UserError: It is not valid; the other properties raise this, too.
        """
        return self._checked("run.json", RunJson)

    @property
    def status(self) -> Status:
        """Return the outcome of the run; RUNNING or INCOMPLETE if it has not ended."""
        record = self.record
        status = Status(record.get("status", Status.INCOMPLETE.value))
        return Status.INCOMPLETE if status is Status.RUNNING and not _is_alive(record) else status

    @property
    def backend(self) -> Backend:
        """Return the backend of the run."""
        return Backend(self.record.get("backend", Backend.jax.value))

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return metrics.json with NaN for null; empty if absent."""
        return {
            name: math.nan if value is None else float(value)
            for name, value in self._checked("metrics.json", MetricsJson).items()
        }

    @property
    def answer(self) -> Sequence[Mapping[str, str]]:
        """Return the sentences of answer.json; empty if absent."""
        return self._checked("answer.json", AnswerJson).get("sentences", [])

    def table(self, name: str, most: int = sys.maxsize) -> Mapping[str, Sequence[str]]:
        """Return the columns of a table, such as `history` or `latents`, as text; empty if absent.

        If there are more rows than `most`, a random sample is returned: see `sample_rows`.
        """
        text, parquet = self.folder / f"{name}.csv", self.folder / f"{name}.parquet"
        if parquet.is_file():
            return _of_parquet(parquet, most)
        if not text.is_file():
            return {}
        header, *rows = _rows(text)
        rows = [rows[i] for i in sample_rows(len(rows), most)]
        return {name: [row[i] for row in rows] for i, name in enumerate(header)}

    def document(self, name: str) -> Mapping[str, Any]:
        """Return the content of a JSON file by its name without extension; empty if absent."""
        return self._checked(f"{name}.json", dict[str, Any])

    def _checked(self, name: str, kind: Any) -> Mapping[str, Any]:
        path = self.folder / name
        return load(path, kind) if path.is_file() else {}


def _rows(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file, first the header; check that all are equally long."""
    try:
        rows = [*read(path)]
    except (ValueError, csv.Error) as error:
        raise BrokenFileError(path, f"is not what aeexp writes: {error}") from error
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            lengths = f"row {number} has {len(row)} cells, and the header {len(rows[0])}"
            raise BrokenFileError(path, f"is not what aeexp writes: {lengths}")
    if not rows:
        raise BrokenFileError(path, "is empty")
    return rows


def _of_parquet(path: Path, most: int) -> Mapping[str, Sequence[str]]:
    import pyarrow as pa  # noqa: PLC0415  (slow to import, and rarely needed)
    from pyarrow import compute, parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(path) as file:
            sample, parts, start = sample_rows(file.metadata.num_rows, most), [], 0
            for part in file.iter_batches():
                here = sample[(start <= sample) & (sample < start + len(part))]
                parts.append(part.take(pa.array(here - start)))
                start += len(part)
            table = pa.Table.from_batches(parts)
        text = [compute.fill_null(column.cast("string"), "") for column in table.columns]
    except (OSError, pa.ArrowException) as error:
        raise BrokenFileError(path, f"is not what aeexp writes: {error}") from error
    return dict(zip(table.column_names, (column.to_pylist() for column in text), strict=True))


def sample_rows(rows: int, most: int) -> Integers:
    """Return the indices of at most `most` rows, a random sample in order, the same every time."""
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])


def _is_alive(record: Mapping[str, Any]) -> bool:
    """Return whether a record's process is running; assume so if it is on another host.

    A heartbeat would show this for other hosts, too, but needs a thread and regular writes. It is
    not needed: a sweep's lock shows whether a process works on the sweep.
    """
    if "pid" not in record or record.get("host") != gethostname():
        return "pid" in record
    try:
        process = psutil.Process(record["pid"])
        # a process that started after the run has reused its id
        older = process.create_time() <= datetime.fromisoformat(record["started"]).timestamp()
        return older and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
