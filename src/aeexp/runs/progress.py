"""Progress callbacks of a run, and its cooperative cancellation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeexp.config.spec import Experiment
    from aeexp.data import Floats
    from aeexp.data.prepare import Problem
    from aeexp.runs.artifact import Artifact


@dataclass(frozen=True)
class MemberProgress:
    """Losses of one member after an epoch.

    epoch: number of the epoch, from 1. val_loss: NaN without held-out rows.
    """

    epoch: int
    loss: float
    val_loss: float


@dataclass(frozen=True)
class Progress:
    """Progress of the training.

    done, total: epochs, summed over the groups that train one after another. loss, val_loss:
    (members,) of the members that train together and have not stopped; NaN without held-out rows.
    members: number of members that train together, including the stopped ones. first: progress of
    the first member of the population, while it trains.
    """

    done: int
    total: int
    loss: Floats
    val_loss: Floats
    members: int
    first: MemberProgress | None = None


class Monitor:
    """Callbacks of a run. This base class prints nothing; it only measures how long stages take.

    seconds: duration of every stage that has ended. stop: set it to end the training after the
    current epoch; a compiled program first finishes the few epochs that it trains per call.
    halted: whether the run was interrupted immediately.
    """

    stop: bool = False
    halted: bool = False

    @cached_property
    def seconds(self) -> dict[str, float]:
        return {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage: total, import, load, build, analyse, evidence or figures."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def on_start(self, experiment: Experiment, problem: Problem) -> None:
        """Run before the training, once the data are prepared."""

    def on_phase(self, title: str, *, own: bool) -> None:
        """Run before models are trained. own: whether the run's own model is the first of them."""

    def on_epoch(self, progress: Progress) -> None:
        """Run after every epoch."""

    def on_step(self, done: int, total: int, title: str) -> None:
        """Run before every part of a step that may take long, such as one of `total` models."""

    def on_trained(self, seconds: float, compiling: float) -> None:
        """Record how long the training and the compilation of its program took."""
        self.seconds.update({"train": seconds, "compile": compiling})

    def on_artifact(self, artifact: Artifact, files: Sequence[Path] = ()) -> None:
        """Run after an artifact has been written to `files`."""

    def on_end(self, record: Mapping[str, Any], folder: Path) -> None:
        """Run at the end. record: content of run.json. folder: the run's directory."""


class SubMonitor(Monitor):
    """Monitor of one of several trainings: reports epochs to its parent, and stops with it.

    number: index of this training, from 0. parts: number of trainings. It measures its own
    seconds.
    """

    def __init__(self, parent: Monitor, number: int = 0, parts: int = 1) -> None:
        self.parent, self.number, self.parts = parent, number, parts

    @property
    def stop(self) -> bool:  # type: ignore[override]
        return self.parent.stop

    def on_epoch(self, progress: Progress) -> None:
        self.parent.on_epoch(
            Progress(
                done=progress.done + self.number * progress.total,
                total=progress.total * self.parts,
                loss=progress.loss,
                val_loss=progress.val_loss,
                members=progress.members,
            )
        )
