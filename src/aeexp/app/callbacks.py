"""Callback: what a tracker hears of a run that `aeexp.run` starts."""

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from aeexp.config.spec import Experiment
from aeexp.present.terminal.run import Terminal
from aeexp.runs.artifact import Artifact
from aeexp.runs.progress import Progress


class Callback:
    """Hears of a run. Override what you need; what a method returns is not looked at.

    A method that raises an error is told of on the terminal, and the callback hears no more; the
    run goes on.
    """

    def on_run_start(self, experiment: Experiment, folder: Path) -> None:
        """Hear what is about to be done, and in which directory, before anything else."""

    def on_epoch(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Hear that an epoch of the run's own model has ended, from 1 on.

        losses: its `loss` and, with rows held out, its `val_loss`. A compiled program trains some
        epochs at a time, which are told one after another. Of repeats and controls, and of the
        models of other questions, nothing is told.
        """

    def on_artifact(self, artifact: Artifact, files: Sequence[Path]) -> None:
        """Hear what the run has yielded and the files that it is in by now.

        `aeexp.runs.artifact` has the kinds: `Metrics`, `Table`, `Document`, `Plot`, `Model`, ….
        """

    def on_run_end(self, record: Mapping[str, Any], folder: Path) -> None:
        """Hear how the run ended; record: the content of its run.json."""


class Relay(Terminal):
    """Tells of a run on the terminal, and to callbacks."""

    def __init__(
        self, callbacks: Sequence[Callback], experiment: Experiment, folder: Path
    ) -> None:
        super().__init__()
        self.callbacks = [*callbacks]
        self._tell("on_run_start", experiment, folder)

    def on_epoch(self, progress: Progress) -> None:
        super().on_epoch(progress)
        if first := progress.first:
            losses = {"loss": first.loss}
            if not isnan(first.val_loss):
                losses["val_loss"] = first.val_loss
            self._tell("on_epoch", first.epoch, losses)

    def on_artifact(self, artifact: Artifact, files: Sequence[Path] = ()) -> None:
        super().on_artifact(artifact, files)
        self._tell("on_artifact", artifact, files)

    def on_end(self, record: Mapping[str, Any], folder: Path) -> None:
        super().on_end(record, folder)
        self._tell("on_run_end", record, folder)

    def _tell(self, hook: str, *arguments: Any) -> None:
        for callback in [*self.callbacks]:
            try:
                getattr(callback, hook)(*arguments)
            except Exception as error:  # noqa: BLE001  (a tracker's fault is not the run's)
                self.callbacks.remove(callback)
                name = f"{type(callback).__name__}.{hook}"
                reason = f"{type(error).__name__}: {error}"
                self._say(f"! {name} failed, and the callback hears no more of this run: {reason}")
