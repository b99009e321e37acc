"""Reconstruction errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.evidence import linear
from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks
from aeexp.data.scaling import Scaling

NAMES = (
    *(f"reconstruction.{part}.{name}" for part in ("train", "val") for name in ("mse", "r2")),
    *(f"baseline.pca.{part}.mse" for part in ("train", "val")),
)
"""Names of the metrics in `errors`."""
Reconstruct = Callable[[slice], Floats]
"""Returns the reconstruction of a block of rows, scaled."""


@dataclass(frozen=True)
class Residuals:
    """Squared errors of a reconstruction.

    rows: (rows,), squared error of each row, averaged over features. train, val: (features,),
    squared error of each feature, summed over training rows and held-out rows.
    """

    rows: Floats
    train: Floats
    val: Floats


def residuals(x: Floats, reconstruct: Reconstruct, rows: Rows) -> Residuals:
    """Return the residuals of a reconstruction, computed in blocks of rows.

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
    """Return the residuals of predicting each feature by its mean over the training rows."""
    mean = linear.training_mean(x, rows)
    return residuals(x, lambda _: mean, rows)


def errors(model: Residuals, mean: Residuals, pca: Residuals, rows: Rows) -> Mapping[str, float]:
    """Return mean squared error and R^2 of the scaled table, and the mean squared error of PCA.

    R^2 = 1 - MSE / variance, summed over features. The variance is about the mean of the training
    rows, so that predicting this mean has R^2 = 0 on any rows. NaN without rows.
    mean: see `predicting_the_mean`.
    """
    parts = {"train": rows.train, "val": rows.val}
    metrics = {}
    for part, indices in parts.items():
        metrics[f"reconstruction.{part}.mse"] = _average(model.rows[indices])
        residual, total = getattr(model, part).sum(), getattr(mean, part).sum()
        metrics[f"reconstruction.{part}.r2"] = _r2(residual, total)
    for part, indices in parts.items():
        metrics[f"baseline.pca.{part}.mse"] = _average(pca.rows[indices])
    return metrics


def explained(x: Floats, x_hat: Floats, mean: Floats) -> float:
    """Return R^2 about a mean. x, x_hat: (rows, features), scaled. mean: (features,)."""
    return _r2(np.sum((x - x_hat) ** 2), np.sum((x - mean) ** 2))


def by_feature(
    model: Residuals, mean: Residuals, rows: Rows, features: tuple[str, ...], scaling: Scaling
) -> Mapping[str, list[str] | list[float]]:
    """Return columns with R^2 and root mean square error of each feature.

    The root mean square error is in original units. R^2 does not depend on units; see `errors`.
    """
    columns: dict[str, list[str] | list[float]] = {"feature": list(features)}
    for part, count in (("train", len(rows.train)), ("val", len(rows.val))):
        residual, total = getattr(model, part), getattr(mean, part)
        columns[f"{part}_r2"] = list(map(_r2, residual, total))
        mse = residual / count if count else np.full(len(residual), np.nan)
        columns[f"{part}_rmse"] = (np.sqrt(mse) * scaling.scale).tolist()
    return columns


def pca(x: Floats, rows: Rows, dimensions: int) -> Residuals:
    """Return the residuals of the first principal components; see `linear.pca`."""
    fitted = linear.pca(x, rows, dimensions)
    return residuals(x, lambda block: fitted.reconstruct(x[block]), rows)


def _average(values: Floats) -> float:
    return float(values.mean()) if values.size else np.nan


def _r2(residual: float, total: float) -> float:
    return float(1 - residual / total) if total > 0 else np.nan
