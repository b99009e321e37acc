"""The rows that the model reconstructs worst, and the features that make their errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.result import RunResult
from aeexp.data import Floats, Integers

MOST_ROWS, MOST_FEATURES = 10, 3


@dataclass(frozen=True)
class Outlier:
    """A row with a large reconstruction error.

    error: squared error, averaged over features, of a model without the row if cross-fitted.
    times_median: the same relative to the median row. features: (3,), those with the largest
    shares of the error of the run's model. shares: (3,), from 0 to 1. x, x_hat: (3,), their values
    and reconstructions in original units.
    """

    row: int
    error: float
    times_median: float
    features: Integers
    shares: Floats
    x: Floats
    x_hat: Floats


def outliers(result: RunResult) -> Sequence[Outlier]:
    """Return the 10 rows with the largest reconstruction errors, the largest first.

    Their reconstructions are taken from the principal axes, which keep 99.9 % of the variance.
    """
    problem, surface = result.problem, result.reconstructed
    errors = result.row_errors
    rows = np.argsort(-errors, kind="stable")[:MOST_ROWS]
    x_hat = surface.mean + surface.points[rows] @ surface.axes.T
    squares = np.square(problem.x[rows] - x_hat, dtype=np.float64)
    shares = squares / np.maximum(squares.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    strongest = np.argsort(-shares, axis=1, kind="stable")[:, :MOST_FEATURES]
    original, decoded = problem.adjusted[rows], problem.scaling.undo(x_hat)
    median = float(np.median(errors))
    return [
        Outlier(
            row=int(row),
            error=float(errors[row]),
            times_median=float(errors[row]) / median if median > 0 else np.nan,
            features=features,
            shares=shares[i, features],
            x=original[i, features],
            x_hat=decoded[i, features],
        )
        for i, (row, features) in enumerate(zip(rows, strongest, strict=True))
    ]
