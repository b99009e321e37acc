"""A callback that writes a line of JSON for each event of a run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aeexp import Callback
from aeexp.config.spec import Experiment
from aeexp.runs.artifact import Artifact


class Journal(Callback):
    """Appends the start and end of a run, its losses and its files to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_run_start(self, experiment: Experiment, folder: Path) -> None:
        self._write("start", model=type(experiment.model).__name__, folder=str(folder))

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        self._write("epoch", epoch=epoch, **losses)

    def on_artifact(self, artifact: Artifact, files: Sequence[Path]) -> None:
        self._write("artifact", name=artifact.name, files=[path.name for path in files])

    def on_run_end(self, record: Mapping[str, Any], folder: Path) -> None:
        self._write("end", status=record["status"])

    def _write(self, event: str, **content: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **content}) + "\n")
