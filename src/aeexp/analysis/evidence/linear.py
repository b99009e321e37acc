"""PCA of tables of any width, in blocks of rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks

EXACT = 1_000
"""Up to this number of features, the covariance is decomposed exactly; the cost is cubic."""
SPARE, ROUNDS = 10, 12
"""Subspace iteration for more features: additional directions, and number of iterations."""
MOST_COMPONENTS = 50
"""Number of components in the scree plot."""


@dataclass(frozen=True)
class Linear:
    """A linear autoencoder: z = (x - mean) @ encoder, x_hat = z @ decoder + mean.

    mean: (features,). encoder: (features, dimensions). decoder: (dimensions, features).
    """

    mean: Floats
    encoder: Floats
    decoder: Floats

    def encode(self, x: Floats) -> Floats:
        """Return the codes of rows, computed in blocks: (rows, dimensions)."""
        z = np.empty((len(x), self.encoder.shape[1]))
        for block in blocks(*x.shape):
            z[block] = (x[block] - self.mean) @ self.encoder
        return z

    def reconstruct(self, x: Floats) -> Floats:
        """Return the reconstruction of rows: (rows, features)."""
        return (x - self.mean) @ self.encoder @ self.decoder + self.mean


def pca(x: Floats, rows: Rows, dimensions: int) -> Linear:
    """Return the projection on the training rows' first principal components.

    This is the optimum of a linear autoencoder with as many factors (Baldi and Hornik, 1989,
    doi:10.1016/0893-6080(89)90014-2). The number of components is limited by the number of
    features and of training rows. For more than 1,000 features the components are approximate.
    x: (rows, features), scaled.
    """
    mean = training_mean(x, rows)
    axes, _, _ = _principal(x, rows, mean, dimensions)
    return Linear(mean, axes, axes.T)


def scree(x: Floats, rows: Rows) -> Floats:
    """Return the share of the training rows' variance along each of the first 50 components.

    In falling order; NaN if nothing varies. Cattell (1966, doi:10.1207/s15327906mbr0102_10).
    x: (rows, features), scaled.
    """
    _, squares, total = _principal(x, rows, training_mean(x, rows), MOST_COMPONENTS)
    return squares / total if total > 0 else np.full_like(squares, np.nan)


def training_mean(x: Floats, rows: Rows) -> Floats:
    """Return the mean of each feature over the training rows: (features,)."""
    train = rows.trained
    sums = (x[block][train[block]].sum(0, dtype=np.float64) for block in blocks(*x.shape))
    return sum(sums, np.zeros(x.shape[1])) / train.sum()


def _principal(x: Floats, rows: Rows, mean: Floats, most: int) -> tuple[Floats, Floats, float]:
    """Return axes, (features, count), the sum of squares along each axis, and the total sum."""
    count = min(most, len(rows.train), x.shape[1])
    decompose = _exact if x.shape[1] <= EXACT else _approximate
    return decompose(x, rows.trained, mean, count)


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


def _approximate(
    x: Floats, train: NDArray[np.bool_], mean: Floats, count: int
) -> tuple[Floats, Floats, float]:
    """Return approximate axes by subspace iteration, without the covariance matrix.

    Halko et al. (2011, algorithm 4.4, doi:10.1137/090771806). Random directions are multiplied by
    the covariance and orthonormalised several times, so that they converge to the first axes.
    Memory grows linearly with the features; a covariance matrix would need their square.
    """
    directions = np.random.default_rng(0).normal(
        size=(x.shape[1], min(count + SPARE, int(train.sum()), x.shape[1]))
    )
    total = 0.0
    for _ in range(ROUNDS):
        directions = np.linalg.qr(directions)[0]
        image, total = np.zeros_like(directions), 0.0
        for block in blocks(*x.shape):
            centred = x[block][train[block]] - mean
            image += centred.T @ (centred @ directions)
            total += float(np.vdot(centred, centred))
        directions = image
    axes, squares, _ = np.linalg.svd(directions, full_matrices=False)
    return axes[:, :count], squares[:count], total
