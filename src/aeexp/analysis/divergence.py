"""A training that diverged: when, and with which losses."""

from dataclasses import dataclass

from aeexp.runs.history import History


@dataclass(frozen=True)
class Divergence:
    """A training that stopped because its loss was not finite, or far above any use.

    epoch: in which it stopped, counted from 1. loss, val_loss: of that epoch; val_loss is NaN
    without validation rows. last_loss: of the epoch before, None if there was none.
    """

    epoch: int
    loss: float
    val_loss: float
    last_loss: float | None


def divergence(history: History) -> Divergence:
    """Return where and how a training diverged."""
    epoch = history.lost
    assert epoch is not None, "the training did not diverge"
    last = float(history.loss[epoch - 1]) if epoch else None
    return Divergence(epoch + 1, float(history.loss[epoch]), float(history.val_loss[epoch]), last)
