"""What does the best linear map keep of a table?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks

EXACT = 1_000
"""Features whose covariance is decomposed in full: that costs their third power."""
SPARE, ROUNDS = 10, 12
"""Directions beside those sought for among more features, and how often they are improved."""
MOST_COMPONENTS = 50
"""Of which the shares of the variance are told."""


@dataclass(frozen=True)
class Linear:
    """A code z = (x - mean) @ encoder, read back as x_hat = z @ decoder + mean.

    mean: (features,). encoder: (features, dimensions). decoder: (dimensions, features).
    """

    mean: Floats
    encoder: Floats
    decoder: Floats

    def encode(self, x: Floats) -> Floats:
        """Return the codes of rows, of which a block is held centred: (rows, dimensions)."""
        z = np.empty((len(x), self.encoder.shape[1]))
        for block in blocks(*x.shape):
            z[block] = (x[block] - self.mean) @ self.encoder
        return z

    def reconstruct(self, x: Floats) -> Floats:
        """Return a block of rows as their codes are read back: (rows, features)."""
        return (x - self.mean) @ self.encoder @ self.decoder + self.mean


def pca(x: Floats, rows: Rows, dimensions: int) -> Linear:
    """Return the projection on the training rows' first principal components.

    It is the optimum of every linear autoencoder with as many factors (Baldi and Hornik, 1989,
    doi:10.1016/0893-6080(89)90014-2). There are no more of them than features and training rows.
    Of more than 1,000 features they are found nearly. x: (rows, features), scaled.
    """
    mean = training_mean(x, rows)
    axes, _, _ = _principal(x, rows, mean, dimensions)
    return Linear(mean, axes, axes.T)


def scree(x: Floats, rows: Rows) -> Floats:
    """Return the share of the training rows' variance that lies along each component.

    At most the first 50, in falling order; not numbers where nothing varies. Cattell (1966,
    doi:10.1207/s15327906mbr0102_10). x: (rows, features), scaled.
    """
    _, variances, whole = _principal(x, rows, training_mean(x, rows), MOST_COMPONENTS)
    return variances / whole if whole > 0 else np.full_like(variances, np.nan)


def training_mean(x: Floats, rows: Rows) -> Floats:
    """Return the mean of each feature over the training rows: (features,)."""
    train = ~rows.held_out
    sums = (x[block][train[block]].sum(0, dtype=np.float64) for block in blocks(*x.shape))
    return sum(sums, np.zeros(x.shape[1])) / train.sum()


def _principal(x: Floats, rows: Rows, mean: Floats, most: int) -> tuple[Floats, Floats, float]:
    """Return axes, (features, count), the sum of squares along each, and that of all."""
    count = min(most, len(rows.train), x.shape[1])
    way = _exact if x.shape[1] <= EXACT else _near
    return way(x, ~rows.held_out, mean, count)


def _exact(
    x: Floats, train: NDArray[np.bool_], mean: Floats, count: int
) -> tuple[Floats, Floats, float]:
    scatter = np.zeros((x.shape[1], x.shape[1]))
    for block in blocks(*x.shape):
        centred = x[block][train[block]] - mean
        scatter += centred.T @ centred
    squares, axes = np.linalg.eigh(scatter)
    falling = slice(None, -count - 1, -1)
    return axes[:, falling], np.maximum(squares[falling], 0), float(np.trace(scatter))


def _near(
    x: Floats, train: NDArray[np.bool_], mean: Floats, count: int
) -> tuple[Floats, Floats, float]:
    """Return nearly the same without a covariance, which has the square of the features.

    By subspace iteration (Halko et al., 2011, algorithm 4.4, doi:10.1137/090771806).
    """
    directions = np.random.default_rng(0).normal(
        size=(x.shape[1], min(count + SPARE, int(train.sum()), x.shape[1]))
    )
    whole = 0.0
    for _ in range(ROUNDS):
        directions = np.linalg.qr(directions)[0]
        image, whole = np.zeros_like(directions), 0.0
        for block in blocks(*x.shape):
            centred = x[block][train[block]] - mean
            image += centred.T @ (centred @ directions)
            whole += float(np.vdot(centred, centred))
        directions = image
    axes, squares, _ = np.linalg.svd(directions, full_matrices=False)
    return axes[:, :count], squares[:count], whole
