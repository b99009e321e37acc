"""fit: PreprocessingSpec, rows -> the scaling of each column, and its inverse."""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from aeexp.data import Floats
from aeexp.spec import MinMax, PreprocessingSpec, Robust, Standard, Unscaled


@dataclass(frozen=True)
class Scaling:
    """x -> (x - offset) / scale, column by column; a constant column has scale 1.

    offset, scale: (features,), in original units.
    """

    offset: Floats
    scale: Floats

    def apply(self, x: Floats) -> NDArray[np.float32]:
        """Scale (rows, features) in double precision, then round to what networks take.

        Raises:
            ValueError: A scaled value is not finite or too large for single precision.
        """
        with np.errstate(over="ignore"):
            scaled = ((x - self.offset) / self.scale).astype(np.float32)
        if not np.isfinite(scaled).all():
            message = (
                "The scaled table holds values that are not finite: check its extreme values."
            )
            raise ValueError(message)
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        """Return (rows, features) in original units."""
        return scaled.astype(np.float64) * self.scale + self.offset


@singledispatch
def fit(spec: PreprocessingSpec, x: Floats) -> Scaling:
    """Return the scaling that a spec asks for, fitted on the rows of x: (rows, features)."""
    message = (
        f"No scaling for {type(spec).__name__}: register one with preprocessing.fit.register."
    )
    raise NotImplementedError(message)


@fit.register
def _(spec: Standard, x: Floats) -> Scaling:
    scaler = StandardScaler().fit(x)
    return Scaling(scaler.mean_, scaler.scale_)


@fit.register
def _(spec: MinMax, x: Floats) -> Scaling:
    scaler = MinMaxScaler((spec.low, spec.high)).fit(x)
    return Scaling(-scaler.min_ / scaler.scale_, 1 / scaler.scale_)


@fit.register
def _(spec: Robust, x: Floats) -> Scaling:
    scaler = RobustScaler(quantile_range=(spec.low, spec.high)).fit(x)
    return Scaling(scaler.center_, scaler.scale_)


@fit.register
def _(spec: Unscaled, x: Floats) -> Scaling:
    return Scaling(np.zeros(x.shape[1]), np.ones(x.shape[1]))
