"""How far is x_hat from x?"""

from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA

from aeexp.data import Floats, Integers, Rows
from aeexp.preprocessing import Scaling


def errors(x: Floats, x_hat: Floats, rows: Rows, x_pca: Floats) -> Mapping[str, float]:
    """Return the mean squared errors and R^2 of the scaled table, beside PCA's errors.

    R^2 = 1 - MSE / variance, summed over features; the variance is about the training rows'
    mean, so that a reconstruction no better than that mean has R^2 = 0 on any rows.
    Not a number where there are no rows. x, x_hat, x_pca: (rows, features).
    """
    parts = {"train": rows.train, "val": rows.val}
    metrics = {}
    for part, of in parts.items():
        metrics[f"reconstruction.{part}.mse"] = _mean((x[of] - x_hat[of]) ** 2)
        metrics[f"reconstruction.{part}.r2"] = r_squared(x, x_hat, rows.train, of)
    for part, of in parts.items():
        metrics[f"baseline.pca.{part}.mse"] = _mean((x[of] - x_pca[of]) ** 2)
    return metrics


def r_squared(x: Floats, x_hat: Floats, train: Integers, of: Integers) -> float:
    """Return R^2 over the rows `of`, about the mean of the rows `train`."""
    return explained(x[of], x_hat[of], x[train].mean(0))


def explained(x: Floats, x_hat: Floats, mean: Floats) -> float:
    """Return R^2 of rows about a mean. x, x_hat: (rows, features), scaled. mean: (features,)."""
    return _ratio(np.sum((x - x_hat) ** 2), np.sum((x - mean) ** 2))


def by_feature(
    x: Floats, x_hat: Floats, rows: Rows, features: tuple[str, ...], scaling: Scaling
) -> Mapping[str, list[str] | list[float]]:
    """Return a table with a row a feature: R^2 and, in original units, the root mean square error.

    x, x_hat: (rows, features), scaled; R^2 is the same in either unit.
    """
    columns: dict[str, list[str] | list[float]] = {"feature": list(features)}
    for part, of in (("train", rows.train), ("val", rows.val)):
        residual, deviation = (x - x_hat)[of], (x - x[rows.train].mean(0))[of]
        columns[f"{part}_r2"] = [
            _ratio(a, b) for a, b in zip((residual**2).sum(0), (deviation**2).sum(0), strict=True)
        ]
        columns[f"{part}_rmse"] = [
            float(np.sqrt(_mean(residual[:, j] ** 2)) * scale)
            for j, scale in enumerate(scaling.scale)
        ]
    return columns


def pca(x: Floats, train: Integers, dimensions: int) -> Floats:
    """Return x as the training rows' first principal components reconstruct it.

    The optimum of every linear autoencoder with as many factors (Baldi and Hornik, 1989).
    """
    fitted = PCA(min(dimensions, len(train), x.shape[1])).fit(x[train])
    return fitted.inverse_transform(fitted.transform(x))


def _mean(values: Floats) -> float:
    return float(values.mean(dtype=np.float64)) if values.size else np.nan


def _ratio(residual: float, deviation: float) -> float:
    return float(1 - residual / deviation) if deviation > 0 else np.nan
