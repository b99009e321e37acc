"""How far is x_hat from x?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.evidence import linear
from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks
from aeexp.data.scaling import Scaling

NAMES = (
    *(f"reconstruction.{part}.{of}" for part in ("train", "val") for of in ("mse", "r2")),
    *(f"baseline.pca.{part}.mse" for part in ("train", "val")),
)
"""Of all `errors`."""
Reconstruct = Callable[[slice], Floats]
"""From a block of row numbers to the scaled rows as they are reconstructed."""


@dataclass(frozen=True)
class Residuals:
    """What is left of a table where a reconstruction is taken from it.

    rows: (rows,) squared error of each row, averaged over features. train, val: (features,)
    squared error of each feature, summed over the rows of a part.
    """

    rows: Floats
    train: Floats
    val: Floats


def residuals(x: Floats, reconstruct: Reconstruct, rows: Rows) -> Residuals:
    """Return the residuals of a reconstruction, of which only a block is held at a time.

    x: (rows, features), scaled.
    """
    errors = np.empty(len(x))
    sums = np.zeros((2, x.shape[1]))
    held_out = rows.held_out
    for block in blocks(*x.shape):
        squares = np.square(x[block] - reconstruct(block), dtype=np.float64)
        errors[block] = squares.mean(1)
        for part, val in enumerate((False, True)):
            sums[part] += squares[held_out[block] == val].sum(0)
    return Residuals(errors, *sums)


def predicting_the_mean(x: Floats, rows: Rows) -> Residuals:
    """Return the residuals where each feature is predicted by its mean over the training rows."""
    mean = linear.training_mean(x, rows)
    return residuals(x, lambda _: mean, rows)


def errors(model: Residuals, mean: Residuals, pca: Residuals, rows: Rows) -> Mapping[str, float]:
    """Return the mean squared errors and R^2 of the scaled table, beside PCA's errors.

    R^2 = 1 - MSE / variance, summed over features; the variance is about the training rows'
    mean, so that a reconstruction no better than that mean has R^2 = 0 on any rows.
    Not a number where there are no rows. mean: see `predicting_the_mean`.
    """
    parts = {"train": rows.train, "val": rows.val}
    metrics = {}
    for part, of in parts.items():
        metrics[f"reconstruction.{part}.mse"] = _average(model.rows[of])
        left, whole = (getattr(each, part).sum() for each in (model, mean))
        metrics[f"reconstruction.{part}.r2"] = _ratio(left, whole)
    for part, of in parts.items():
        metrics[f"baseline.pca.{part}.mse"] = _average(pca.rows[of])
    return metrics


def explained(x: Floats, x_hat: Floats, mean: Floats) -> float:
    """Return R^2 of rows about a mean. x, x_hat: (rows, features), scaled. mean: (features,)."""
    return _ratio(np.sum((x - x_hat) ** 2), np.sum((x - mean) ** 2))


def by_feature(
    model: Residuals, mean: Residuals, rows: Rows, features: tuple[str, ...], scaling: Scaling
) -> Mapping[str, list[str] | list[float]]:
    """Return a table with a row a feature: R^2 and, in original units, the root mean square error.

    R^2 is the same in either unit; see `errors`.
    """
    columns: dict[str, list[str] | list[float]] = {"feature": list(features)}
    for part, of in (("train", rows.train), ("val", rows.val)):
        left, whole = getattr(model, part), getattr(mean, part)
        columns[f"{part}_r2"] = list(map(_ratio, left, whole))
        rmse = np.sqrt(left / len(of)) * scaling.scale if len(of) else np.full(len(left), np.nan)
        columns[f"{part}_rmse"] = rmse.tolist()
    return columns


def pca(x: Floats, rows: Rows, dimensions: int) -> Residuals:
    """Return the residuals of the training rows' first principal components; see `linear.pca`."""
    fitted = linear.pca(x, rows, dimensions)
    return residuals(x, lambda block: fitted.reconstruct(x[block]), rows)


def _average(values: Floats) -> float:
    return float(values.mean()) if values.size else np.nan


def _ratio(left: float, whole: float) -> float:
    return float(1 - left / whole) if whole > 0 else np.nan
