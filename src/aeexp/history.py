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
    whose weights the model has. diverged: whether a loss was not finite, which ended training.
    interrupted: whether it was told to stop before it would have ended.
    """

    loss: Floats
    val_loss: Floats
    learning_rate: Floats
    kept: int
    diverged: bool
    interrupted: bool

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the table of the run directory: one row an epoch, counted from 1."""
        return {
            "epoch": np.arange(1, len(self.loss) + 1),
            "loss": self.loss,
            "val_loss": self.val_loss,
            "learning_rate": self.learning_rate,
        }
