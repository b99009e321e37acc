"""Reconstruction errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.evidence import linear
from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks
from aeexp.data.prepare import Problem
from aeexp.data.scaling import Scaling

PARTS = ("train", "val", "test")
NAMES = (
    *(f"reconstruction.{part}.{name}" for part in PARTS for name in ("mse", "r2")),
    *(f"baseline.pca.{part}.mse" for part in PARTS),
)
"""Names of the metrics in `errors`."""
Reconstruct = Callable[[slice], Floats]
"""Returns the reconstruction of a block of rows, scaled."""


@dataclass(frozen=True)
class Part:
    """Squared errors of one part of the rows.

    rows: (rows of the part,), averaged over features. features: (features,), summed over the rows.
    """

    rows: Floats
    features: Floats


@dataclass(frozen=True)
class Residuals:
    """Squared errors of a reconstruction.

    rows: (rows,), squared error of each row, averaged over features. parts: the same for the
    training, validation and test rows, which cross-fitting takes from the models of the folds.
    """

    rows: Floats
    parts: Mapping[str, Part]

    @property
    def part(self) -> str:
        """Return the name of the part that judges: test, else val, else train."""
        return next((name for name in ("test", "val") if self.parts[name].rows.size), "train")

    @property
    def held_out(self) -> Part:
        """Return the errors of the rows that judge; without held-out rows there are none.

        All rows in input order if cross-fitted.
        """
        return self.parts["test" if self.part == "test" else "val"]

    def cross_fitted(self, folds: Sequence[tuple["Residuals", Rows]]) -> "Residuals":
        """Return the same with the held-out rows of each fold's model."""
        if not folds:
            return self
        parts = dict(self.parts)
        for name in ("val", "test"):
            order = np.argsort(np.concatenate([rows.parts[name] for _, rows in folds]))
            errors = np.concatenate([fold.parts[name].rows for fold, _ in folds])
            features = sum(fold.parts[name].features for fold, _ in folds)
            parts[name] = Part(errors[order], np.asarray(features))
        return Residuals(self.rows, parts)


def residuals(x: Floats, reconstruct: Reconstruct, rows: Rows) -> Residuals:
    """Return the residuals of a reconstruction, computed in blocks of rows.

    x: (rows, features), scaled.
    """
    errors, masks = np.empty(len(x)), {name: rows.mask(name) for name in PARTS}
    sums = {name: np.zeros(x.shape[1]) for name in PARTS}
    for block in blocks(*x.shape):
        squares = np.square(x[block] - reconstruct(block), dtype=np.float64)
        errors[block] = squares.mean(1)
        for name, mask in masks.items():
            sums[name] += squares[mask[block]].sum(0)
    parts = {name: Part(errors[rows.parts[name]], sums[name]) for name in PARTS}
    return Residuals(errors, parts)


def cross_fitted(problem: Problem, measure: Callable[[Problem], Residuals]) -> Residuals:
    """Return the residuals of a method that is fitted to a table, and to each of its folds."""
    folds = [(measure(fold), fold.rows) for fold in problem.folds]
    return measure(problem).cross_fitted(folds)


def predicting_the_mean(x: Floats, rows: Rows) -> Residuals:
    """Return the residuals of predicting each feature by its mean over the training rows."""
    mean = linear.training_mean(x, rows)
    return residuals(x, lambda _: mean, rows)


def errors(model: Residuals, mean: Residuals, pca: Residuals) -> Mapping[str, float]:
    """Return mean squared error and R^2 of the scaled table, and the mean squared error of PCA.

    R^2 = 1 - MSE / variance, summed over features. The variance is about the mean of the training
    rows, so that predicting this mean has R^2 = 0 on any rows. NaN without rows.
    mean: see `predicting_the_mean`.
    """
    metrics = {}
    for name, part in model.parts.items():
        metrics[f"reconstruction.{name}.mse"] = average(part.rows)
        total = mean.parts[name].features.sum()
        metrics[f"reconstruction.{name}.r2"] = _r2(part.features.sum(), total)
    for name, part in pca.parts.items():
        metrics[f"baseline.pca.{name}.mse"] = average(part.rows)
    return metrics


def explained(x: Floats, x_hat: Floats, mean: Floats) -> float:
    """Return R^2 about a mean. x, x_hat: (rows, features), scaled. mean: (features,)."""
    return _r2(np.sum((x - x_hat) ** 2), np.sum((x - mean) ** 2))


def by_feature(
    model: Residuals, mean: Residuals, features: tuple[str, ...], scaling: Scaling
) -> Mapping[str, list[str] | list[float]]:
    """Return columns with R^2 and root mean square error of each feature.

    The root mean square error is in original units. R^2 does not depend on units; see `errors`.
    """
    columns: dict[str, list[str] | list[float]] = {"feature": list(features)}
    for name, part in model.parts.items():
        columns[f"{name}_r2"] = list(map(_r2, part.features, mean.parts[name].features))
        count = len(part.rows)
        mse = part.features / count if count else np.full(len(features), np.nan)
        columns[f"{name}_rmse"] = (np.sqrt(mse) * scaling.scale).tolist()
    return columns


def pca(x: Floats, rows: Rows, dimensions: int) -> Residuals:
    """Return the residuals of the first principal components; see `linear.pca`."""
    fitted = linear.pca(x, rows, dimensions)
    return residuals(x, lambda block: fitted.reconstruct(x[block]), rows)


def average(values: Floats) -> float:
    """Return the mean of values, NaN if there are none."""
    return float(values.mean()) if values.size else np.nan


def _r2(residual: float, total: float) -> float:
    return float(1 - residual / total) if total > 0 else np.nan
