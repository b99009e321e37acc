"""Detect trainings that diverged although their losses are finite."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aeexp.config.spec import Loss
from aeexp.data import Floats, Integers
from aeexp.runs.history import History
from aeexp.training.population import Member

LIMIT = 1000  # times the loss of predicting every feature's mean
MOST_ROWS = 10_000  # for that loss; a factor of 1,000 does not need all rows


def mark_diverged(population: Sequence[Member], histories: Sequence[History]) -> list[History]:
    """Return the histories; `lost` is set where the final loss is above `LIMIT`.

    An optimizer with bounded steps, such as Adam, can blow up the weights without an infinite
    loss. Without validation rows the training loss is compared.
    """
    limits: dict[object, float] = {}
    marked = []
    for member, history in zip(population, histories, strict=False):
        table = id(member.x), id(member.rows), id(member.val)
        if table not in limits:
            limits[table] = LIMIT * _baseline(member)
        marked.append(_mark(history, limits[table], validated=len(member.val) > 0))
    return marked


def _mark(history: History, limit: float, *, validated: bool) -> History:
    losses = history.val_loss if validated else history.loss
    if history.diverged or not 0 < limit < losses[history.kept]:
        return history
    return replace(history, lost=int(np.argmax(losses > limit)))


def _baseline(member: Member) -> float:
    """Return the loss of predicting every feature's mean over the training rows."""
    mean = member.x[_some(member.rows)].mean(0, dtype=np.float64)
    x = member.x[_some(member.val if len(member.val) else member.rows)]
    return mean_loss(member.experiment.training.loss, x - mean)


def mean_loss(loss: Loss, residual: Floats) -> float:
    """Return Keras's mean loss of x - x_hat, of any shape, without Keras's overhead.

    Infinite for a loss that cannot diverge: Keras clips the argument of the logarithm.
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


def _some(rows: Integers) -> Integers:
    return rows[:: -(-len(rows) // MOST_ROWS)]
