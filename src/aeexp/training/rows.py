"""Order and batches of the training rows, for all engines."""

from collections.abc import Sequence

import numpy as np

from aeexp.data import Integers
from aeexp.training.population import Member

VALIDATION_BATCH = 4096  # rows per batch; the validation loss does not depend on it
MOST = 256  # epochs drawn at once
ORDER = 2**22  # indices drawn at once


def batch_size(member: Member) -> int:
    """Return the number of rows per step."""
    return min(member.experiment.training.batch_size, len(member.rows))


def validation_batch_size(member: Member) -> int:
    """Return the number of rows per batch of validation."""
    return evaluation_batch_size(member, len(member.val))


def evaluation_batch_size(member: Member, rows: int) -> int:
    """Return the number of rows per batch where the loss of `rows` rows is only computed."""
    return min(max(batch_size(member), VALIDATION_BATCH), max(rows, 1))


class Orders:
    """Orders of the training rows of each member, epoch after epoch.

    Keras's `fit` on JAX trains in the same orders; it draws one more permutation at its start.
    most: number of epochs that can be drawn at once.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.rows = np.stack([member.rows for member in members]).astype(np.int32)
        self.shuffle = members[0].experiment.training.shuffle
        self.most = max(1, min(MOST, ORDER // self.rows.size))
        self.generators = [np.random.RandomState(member.experiment.seed) for member in members]
        for generator in self.generators:
            generator.permutation(self.rows.shape[1])

    def draw(self, count: int) -> Integers:
        """Return indices (members, most, rows) for the next `count` epochs, then zeros."""
        members, rows = self.rows.shape
        order = np.zeros((members, self.most, rows), np.int32)
        for epoch in range(count):
            for i, generator in enumerate(self.generators):
                drawn = generator.permutation(rows) if self.shuffle else slice(None)
                order[i, epoch] = self.rows[i, drawn]
        return order
