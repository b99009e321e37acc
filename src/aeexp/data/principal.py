"""Principal components of the training rows of a table of any width, in blocks of rows."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from aeexp.data.chunks import blocks
from aeexp.data.dataset import Floats, Integers

EXACT = 1_000
"""Up to this number of features, the covariance is decomposed exactly; the cost is cubic."""
SPARE, ROUNDS = 10, 12
"""Subspace iteration for more features: additional directions, and number of iterations."""
TIED = 0.999
"""Share of the largest loading from which one counts as equal to it: rounding decides no sign."""


@dataclass(frozen=True)
class Principal:
    """First principal components, in falling order.

    mean: (features,) of the rows. axes: (features, count), orthonormal, see `signed`. squares:
    (count,), the sum of squares of the centred rows along each axis. total: of all squares.
    """

    mean: Floats
    axes: Floats
    squares: Floats
    total: float


def principal(x: Floats, rows: Integers, most: int) -> Principal:
    """Return the first principal components of some rows of a table.

    At most as many as features and as rows. For more than 1,000 features they are approximate.
    x: (rows, features). rows: indices; one that is listed twice counts twice. most: their number.
    """
    mean = row_mean(x, rows)
    count = min(most, len(rows), x.shape[1])
    decompose = _exact if x.shape[1] <= EXACT else _approximate
    axes, squares, total = decompose(x, rows, mean, count)
    return Principal(mean, signed(axes), squares, total)


def row_mean(x: Floats, rows: Integers) -> Floats:
    """Return the mean of each feature over some rows: (features,)."""
    sums = (x[rows[b]].sum(0, dtype=np.float64) for b in blocks(len(rows), x.shape[1]))
    return sum(sums, np.zeros(x.shape[1])) / len(rows)


def signed(axes: Floats) -> Floats:
    """Return axes whose largest absolute loading is positive. axes: (features, count).

    The sign of a principal component is arbitrary; a rule makes it the same in all models.
    """
    size = np.abs(axes)
    largest = np.argmax(size >= TIED * size.max(0, initial=0), axis=0)
    signs = np.where(np.take_along_axis(axes, largest[None], 0) < 0, -1.0, 1.0)
    return axes * signs


def _exact(x: Floats, rows: Integers, mean: Floats, count: int) -> tuple[Floats, Floats, float]:
    features = x.shape[1]
    scatter = np.zeros((features, features))
    for block in blocks(len(rows), features):
        centred = x[rows[block]] - mean
        scatter += centred.T @ centred
    last = (features - count, features - 1)
    squares, axes = eigh(scatter, subset_by_index=last, check_finite=False)
    return axes[:, ::-1], np.maximum(squares[::-1], 0), float(np.trace(scatter))


def _approximate(
    x: Floats, rows: Integers, mean: Floats, count: int
) -> tuple[Floats, Floats, float]:
    """Return approximate axes by subspace iteration, without the covariance matrix.

    Halko et al. (2011, algorithm 4.4, doi:10.1137/090771806). Random directions are multiplied by
    the covariance and orthonormalised several times, so that they converge to the first axes.
    Memory grows linearly with the features; a covariance matrix would need their square.
    """
    directions = np.random.default_rng(0).normal(
        size=(x.shape[1], min(count + SPARE, len(rows), x.shape[1]))
    )
    total = 0.0
    for _ in range(ROUNDS):
        directions = np.linalg.qr(directions)[0]
        image, total = np.zeros_like(directions), 0.0
        for block in blocks(len(rows), x.shape[1]):
            centred = x[rows[block]] - mean
            image += centred.T @ (centred @ directions)
            total += float(np.vdot(centred, centred))
        directions = image
    axes, squares, _ = np.linalg.svd(directions, full_matrices=False)
    return axes[:, :count], squares[:count], total
