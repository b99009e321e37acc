"""What happened in a training, epoch by epoch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.data import Floats


@dataclass(frozen=True)
class History:
    """One number an epoch in each array.

    loss: the training loss with its penalties, as Keras reports it: the mean over the steps
    of the epoch. val_loss: the same over the validation rows after the epoch; not a number
    without validation rows. learning_rate: at the epoch's first step. kept: index of the epoch
    whose weights the model has. interrupted: whether it was told to stop before it would have
    ended. lost: index of the first epoch with a loss that is not finite, which ended the training,
    or beyond all use; None unless the training diverged.
    """

    loss: Floats
    val_loss: Floats
    learning_rate: Floats
    kept: int
    interrupted: bool
    lost: int | None = None

    @property
    def diverged(self) -> bool:
        """Return whether there is no model to look at."""
        return self.lost is not None

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the table of the run directory: one row an epoch, counted from 1."""
        return {
            "epoch": np.arange(1, len(self.loss) + 1),
            "loss": self.loss,
            "val_loss": self.val_loss,
            "learning_rate": self.learning_rate,
        }
