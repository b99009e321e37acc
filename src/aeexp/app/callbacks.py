"""Callback: hooks for trackers of runs that `aeexp.run` starts."""

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from aeexp.config.spec import Experiment
from aeexp.present.terminal.run import Terminal
from aeexp.runs.artifact import Artifact
from aeexp.runs.progress import Progress


class Callback:
    """Base class with hooks that do nothing. Override what you need; return values are ignored.

    If a hook raises an error, the terminal shows it and the callback is not called again. The run
    goes on.
    """

    def on_run_start(self, experiment: Experiment, folder: Path) -> None:
        """Run before everything else. folder: the run's directory."""

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Run after an epoch of the run's own model, not of repeats, controls or other tasks.

        epoch: from 1. losses: `loss` and, with held-out rows, `val_loss`. A compiled program
        trains several epochs per call; the hook is then called for one after another.
        """

    def on_artifact(self, artifact: Artifact, files: Sequence[Path]) -> None:
        """Run after an artifact has been written to `files`.

        `aeexp.runs.artifact` has the classes: `Metrics`, `Table`, `Document`, `Plot`, `Model`, ….
        """

    def on_run_end(self, record: Mapping[str, Any], folder: Path) -> None:
        """Run at the end. record: the content of run.json."""


class CallbackTerminal(Terminal):
    """A terminal that also calls callbacks."""

    def __init__(
        self, callbacks: Sequence[Callback], experiment: Experiment, folder: Path
    ) -> None:
        super().__init__()
        self.callbacks = [*callbacks]
        self._call("on_run_start", experiment, folder)

    def on_epoch(self, progress: Progress) -> None:
        super().on_epoch(progress)
        if first := progress.first:
            losses = {"loss": first.loss}
            if not isnan(first.val_loss):
                losses["val_loss"] = first.val_loss
            self._call("on_epoch", first.epoch, losses)

    def on_artifact(self, artifact: Artifact, files: Sequence[Path] = ()) -> None:
        super().on_artifact(artifact, files)
        self._call("on_artifact", artifact, files)

    def on_end(self, record: Mapping[str, Any], folder: Path) -> None:
        super().on_end(record, folder)
        self._call("on_run_end", record, folder)

    def _call(self, hook: str, *arguments: Any) -> None:
        for callback in [*self.callbacks]:
            try:
                getattr(callback, hook)(*arguments)
            except Exception as error:  # noqa: BLE001  (a tracker must not end the run)
                self.callbacks.remove(callback)
                name = f"{type(callback).__name__}.{hook}"
                reason = f"{type(error).__name__}: {error}"
                self.print_line(f"! {name} failed and is not called again in this run: {reason}")
