"""PCA of tables of any width, in blocks of rows."""

from dataclasses import dataclass

import numpy as np

from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks
from aeexp.data.principal import principal, row_mean

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
    components = principal(x, rows.train, dimensions)
    return Linear(components.mean, components.axes, components.axes.T)


def scree(x: Floats, rows: Rows) -> Floats:
    """Return the share of the training rows' variance along each of the first 50 components.

    In falling order; NaN if nothing varies. Cattell (1966, doi:10.1207/s15327906mbr0102_10).
    x: (rows, features), scaled.
    """
    components = principal(x, rows.train, MOST_COMPONENTS)
    squares, total = components.squares, components.total
    return squares / total if total > 0 else np.full_like(squares, np.nan)


def training_mean(x: Floats, rows: Rows) -> Floats:
    """Return the mean of each feature over the training rows: (features,)."""
    return row_mean(x, rows.train)
