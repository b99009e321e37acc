"""How a run tells of its progress, and is told to stop, without knowing who listens."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aeexp.problem import Problem
    from aeexp.spec import Experiment


class Watch:
    """Hears of a run's stages and epochs; this one keeps silent.

    stop: set to end the training after the epoch in progress.
    """

    stop: bool = False

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Surround a stage of the run: load, build, analyse or figures."""
        return nullcontext()

    def posed(self, experiment: Experiment, problem: Problem) -> None:
        """Hear what is about to be trained."""

    def epoch(self, number: int, loss: float, val_loss: float | None) -> None:
        """Hear that an epoch, counted from 1, has ended."""

    def trained(self, seconds: float, compiling: float) -> None:
        """Hear how long the training took, and how long what it had to be compiled for."""
