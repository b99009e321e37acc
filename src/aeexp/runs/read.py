"""What a run left in its directory, read back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeexp.runs.record import Status
from aeexp.spreadsheet import read


@dataclass(frozen=True)
class Run:
    """A run's directory, whatever became of the run."""

    folder: Path

    @property
    def record(self) -> Mapping[str, Any]:
        """Return run.json, empty where there is none."""
        return self._json("run.json")

    @property
    def status(self) -> Status | None:
        """Return how the run ended; None if it has not, as far as its directory knows."""
        status = Status(self.record.get("status", Status.RUNNING.value))
        return None if status is Status.RUNNING else status

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return metrics.json, with not-a-number for null; empty where there is none."""
        return {
            name: math.nan if value is None else float(value)
            for name, value in self._json("metrics.json").items()
        }

    def table(self, name: str) -> Mapping[str, list[str]]:
        """Return the columns of a table as text, `history` or `latents`, say; none if absent."""
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            return {}
        header, *rows = read(path)
        return {name: [row[i] for row in rows] for i, name in enumerate(header)}

    def _json(self, name: str) -> Mapping[str, Any]:
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
