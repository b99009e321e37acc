"""How a run tells of its progress, and is told to stop, without knowing who listens."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aeexp.data import Floats
    from aeexp.problem import Problem
    from aeexp.spec import Experiment


@dataclass(frozen=True)
class Standing:
    """How far the training is. done, of: epochs, summed over what trains one after another.

    loss, val_loss: (members,) of those that train together and still do; not a number where
    nothing is held out. members: all that train together, those that have stopped included.
    """

    done: int
    of: int
    loss: Floats
    val_loss: Floats
    members: int


class Watch:
    """Hears of a run's stages and epochs; this one keeps silent.

    stop: set to end the training after the epoch in progress, or after the few that a compiled
    program trains in one go.
    """

    stop: bool = False

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Surround a stage of the run: load, build, analyse or figures."""
        return nullcontext()

    def posed(self, experiment: Experiment, problem: Problem) -> None:
        """Hear what is about to be trained."""

    def epoch(self, standing: Standing) -> None:
        """Hear that an epoch has ended."""

    def trained(self, seconds: float, compiling: float) -> None:
        """Hear how long the training took, and how long what it had to be compiled for."""
