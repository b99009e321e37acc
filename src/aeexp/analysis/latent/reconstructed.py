"""The space of the reconstructions: coordinates of the rows as the model decodes them.

The latent factors of an autoencoder have no unit. The encoder can multiply them by any invertible
matrix, and the decoder can undo it, so that distances between factors differ between models that
reconstruct every row alike. Distances between reconstructions have the units of the scaled table.

The reconstructions of few factors fill few dimensions, whatever the number of features. They are
therefore represented by their principal components: a rotation, which preserves all distances.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.sampling import chosen
from aeexp.data import Floats
from aeexp.data.chunks import VALUES, blocks

VARIANCE = 0.999
"""Share of the variance of the reconstructions that their components keep."""


@dataclass(frozen=True)
class Reconstructed:
    """Reconstructions on their principal axes.

    points: (rows, components). mean: (features,). axes: (features, components), orthonormal.
    """

    points: Floats
    mean: Floats
    axes: Floats

    def project(self, x_hat: Floats) -> Floats:
        """Return the components of other reconstructions, (rows, features)."""
        return project(x_hat, self.mean, self.axes)


def project(x_hat: Floats, mean: Floats, axes: Floats) -> Floats:
    """Return the components of reconstructions along given axes: (rows, components)."""
    return ((x_hat - mean) @ axes).astype(np.float32)


def reconstructed(z: Floats, decode: Callable[[Floats], Floats]) -> Reconstructed:
    """Return the reconstructions of rows on their principal axes.

    The components keep at least 99.9 % of the variance. Their axes are computed from all rows, or
    from a fixed random sample if the reconstructions have more than 2^20 values; no more than so
    many are in memory at a time. Reconstructions that do not vary have one component, which is 0.
    z: (rows, factors). decode: returns the reconstructions (some rows, features) of factors.
    """
    features = decode(z[:1]).shape[1]
    sample = decode(z[chosen(len(z), max(1, VALUES // features))])
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    axes = principal_axes(sample - mean)
    points = np.empty((len(z), axes.shape[1]), np.float32)
    for block in blocks(len(z), features, VALUES):
        points[block] = project(decode(z[block]), mean, axes)
    return Reconstructed(points, mean, axes)


def principal_axes(centred: Floats) -> Floats:
    """Return the fewest principal axes with 99.9 % of the variance: (features, components).

    At least one, along which nothing varies if the rows are equal. centred: (rows, features).
    """
    centred = centred.astype(np.float64)
    rows, features = centred.shape
    wide = features > rows
    squares, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    squares, vectors = np.maximum(squares[::-1], 0), vectors[:, ::-1]
    kept = np.cumsum(squares) < VARIANCE * squares.sum()
    axes = vectors[:, : min(int(kept.sum()) + 1, len(squares))]
    if wide:  # the axes of the features follow from those of the rows
        axes = centred.T @ axes
        axes /= np.maximum(np.linalg.norm(axes, axis=0), np.finfo(np.float64).tiny)
    return axes.astype(np.float32)


def components(x_hat: Floats) -> Floats:
    """Return reconstructions, (rows, features), on their principal axes; see `reconstructed`."""
    return reconstructed(x_hat, lambda rows: rows).points
