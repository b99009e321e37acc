"""Which trainings diverged although their losses are finite."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aeexp.config.spec import Loss
from aeexp.data import Floats, Integers
from aeexp.runs.history import History
from aeexp.training.population import Member

BEYOND = 1000  # times the loss of predicting every feature's mean
ENOUGH = 10_000  # rows to take that loss over: a thousandfold is seen without all of them


def distance(loss: Loss, residual: Floats) -> float:
    """Return a loss as Keras computes it, of x - x_hat of any shape, without waiting for Keras.

    Infinite where it cannot run away: Keras clips what it takes the logarithm of.
    """
    size = np.abs(residual)
    match loss:
        case Loss.mse:
            return float(np.mean(size**2))
        case Loss.mae:
            return float(np.mean(size))
        case Loss.huber:
            return float(np.mean(np.where(size <= 1, size**2 / 2, size - 0.5)))
        case Loss.binary_crossentropy:
            return np.inf


def mark_diverged(population: Sequence[Member], histories: Sequence[History]) -> list[History]:
    """Return histories that know of themselves when the model they end in is beyond all use.

    An optimizer whose steps are bounded, as Adam's are, can blow weights up without ever losing a
    number: see `BEYOND`. Without validation rows, the training loss tells.
    """
    limits: dict[object, float] = {}
    ended = []
    for member, history in zip(population, histories, strict=False):
        alike = id(member.x), id(member.rows), id(member.val)
        if alike not in limits:
            limits[alike] = BEYOND * _of_the_mean(member)
        ended.append(_judged(history, limits[alike], validated=len(member.val) > 0))
    return ended


def _judged(history: History, limit: float, *, validated: bool) -> History:
    losses = history.val_loss if validated else history.loss
    if history.diverged or not 0 < limit < losses[history.kept]:
        return history
    return replace(history, lost=int(np.argmax(losses > limit)))


def _of_the_mean(member: Member) -> float:
    """Return the loss of predicting each feature's mean over the training rows."""
    mean = member.x[_some(member.rows)].mean(0, dtype=np.float64)
    x = member.x[_some(member.val if len(member.val) else member.rows)]
    return distance(member.experiment.training.loss, x - mean)


def _some(rows: Integers) -> Integers:
    return rows[:: -(-len(rows) // ENOUGH)]
