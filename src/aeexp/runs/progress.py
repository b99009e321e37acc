"""How a run tells of its progress, and is told to stop, without knowing who listens."""

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
class First:
    """How a member stands. epoch: its number, from 1. val_loss: not a number without rows."""

    epoch: int
    loss: float
    val_loss: float


@dataclass(frozen=True)
class Standing:
    """How far the training is. done, of: epochs, summed over what trains one after another.

    loss, val_loss: (members,) of those that train together and still do; not a number where
    nothing is held out. members: all that train together, those that have stopped included.
    first: how the very first of all members stands, while it trains.
    """

    done: int
    of: int
    loss: Floats
    val_loss: Floats
    members: int
    first: First | None = None


class Watch:
    """Hears of a run's stages and epochs, and keeps silent but for the seconds of the stages.

    seconds: of each stage that has ended. stop: set to end the training after the epoch in
    progress, or after the few that a compiled program trains in one go. halted: whether the run
    was interrupted at once.
    """

    stop: bool = False
    halted: bool = False

    @cached_property
    def seconds(self) -> dict[str, float]:
        return {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Surround a stage: total, import, load, build, analyse, evidence or figures."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def posed(self, experiment: Experiment, problem: Problem) -> None:
        """Hear what is about to be trained."""

    def epoch(self, standing: Standing) -> None:
        """Hear that an epoch has ended."""

    def working(self, done: int, of: int, what: str) -> None:
        """Hear how far a step is that may take long: `done` of so many models, say."""

    def trained(self, seconds: float, compiling: float) -> None:
        """Hear how long the training took, and how long what it had to be compiled for."""
        self.seconds.update({"train": seconds, "compile": compiling})

    def hear(self, artifact: Artifact, files: Sequence[Path] = ()) -> None:
        """Hear what the run has yielded, once it is kept in files."""

    def ended(self, record: Mapping[str, Any], folder: Path) -> None:
        """Hear how the run went, and where it lies."""


class Leg(Watch):
    """Tells another watch of its epochs, as those of part `number` (from 0) of so many.

    It stops when the whole is to stop, and keeps an account of its own seconds.
    """

    def __init__(self, whole: Watch, number: int = 0, parts: int = 1) -> None:
        self.whole, self.number, self.parts = whole, number, parts

    @property
    def stop(self) -> bool:  # type: ignore[override]
        """Return whether the whole is to stop."""
        return self.whole.stop

    def epoch(self, standing: Standing) -> None:
        done, of = standing.done + self.number * standing.of, standing.of * self.parts
        losses = standing.loss, standing.val_loss
        self.whole.epoch(Standing(done, of, *losses, standing.members))
