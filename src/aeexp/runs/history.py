"""History of a training, epoch by epoch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.data import Floats


@dataclass(frozen=True)
class History:
    """History of one member; each array has one value per epoch.

    loss: training loss with penalties, the mean over the epoch's steps, as Keras reports it.
    val_loss: loss over the validation rows after the epoch; NaN without validation rows.
    learning_rate: at the epoch's first step. kept: index of the epoch whose weights the model has.
    interrupted: whether the training was stopped before its end. lost: index of the first epoch
    whose loss is not finite or is above `divergence.LIMIT`; None unless the training diverged.
    """

    loss: Floats
    val_loss: Floats
    learning_rate: Floats
    kept: int
    interrupted: bool
    lost: int | None = None

    @property
    def diverged(self) -> bool:
        """Return whether the training diverged, and so gave no model."""
        return self.lost is not None

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns of history.csv: one row per epoch, from 1."""
        return {
            "epoch": np.arange(1, len(self.loss) + 1),
            "loss": self.loss,
            "val_loss": self.val_loss,
            "learning_rate": self.learning_rate,
        }
