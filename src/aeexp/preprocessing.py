"""fit: PreprocessingSpec, rows -> the scaling of each column, and its inverse."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from aeexp.data import Floats, Integers
from aeexp.spec import MinMax, PreprocessingSpec, Robust, Standard, Unscaled

NAMED = 5
"""Of the columns that cannot be scaled, so many are named."""
ORDINARY = 30
"""Powers of two up to which, and down to whose inverse, the largest value of a column may be."""
LARGEST = 1e305
"""What is larger overflows where it is shown, if not before."""


@dataclass(frozen=True)
class Scaling:
    """x -> (x - offset) / scale, column by column; a constant column has scale 1.

    offset, scale: (features,), in original units. A constant column that is very large or very
    small has a scale of its own size, so that other values can be scaled, too.
    """

    offset: Floats
    scale: Floats

    def apply(self, x: Floats, features: Sequence[str] = ()) -> NDArray[np.float32]:
        """Scale (rows, features) in double precision, then round to what networks take.

        features: the names of the columns, for the error; without them they are counted from 1.

        Raises:
            ValueError: A scaled value is not finite or too large for single precision.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.abs(self.offset) + np.abs(self.scale)
            scaled = ((x - self.offset) / self.scale).astype(np.float32)
        lost = np.flatnonzero(~np.isfinite(scaled).all(0) | ~(size < LARGEST)).tolist()
        if lost:
            named = [features[j] if features else str(j + 1) for j in lost[:NAMED]]
            more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
            message = (
                f"Scaled values are not finite, or too large, in the columns {', '.join(named)}"
                f"{more}: leave these columns out, or choose preprocessing=standard."
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
    x, exponents = _tamed(x)
    scaler = StandardScaler().fit(x)
    return _scaling(scaler.mean_, scaler.scale_, exponents)


@fit.register
def _(spec: MinMax, x: Floats) -> Scaling:
    x, exponents = _tamed(x)
    scaler = MinMaxScaler((spec.low, spec.high)).fit(x)
    return _scaling(-scaler.min_ / scaler.scale_, 1 / scaler.scale_, exponents)


@fit.register
def _(spec: Robust, x: Floats) -> Scaling:
    x, exponents = _tamed(x)
    scaler = RobustScaler(quantile_range=(spec.low, spec.high)).fit(x)
    return _scaling(scaler.center_, scaler.scale_, exponents)


@fit.register
def _(spec: Unscaled, x: Floats) -> Scaling:
    return Scaling(np.zeros(x.shape[1]), np.ones(x.shape[1]))


def _tamed(x: Floats) -> tuple[Floats, Integers]:
    """Return x with columns of extreme size divided by powers of two, and their exponents.

    Otherwise the squares of 1e300 overflow, and scikit-learn takes a column of 1e-16 for constant.
    Division by a power of two is exact, and what is ordinary is not touched.
    """
    exponents = np.frexp(np.maximum(x.max(0), -x.min(0)))[1]
    exponents[np.abs(exponents) <= ORDINARY] = 0
    return (np.ldexp(x, -exponents) if exponents.any() else x), exponents


def _scaling(offset: Floats, scale: Floats, exponents: Integers) -> Scaling:
    with np.errstate(over="ignore"):  # `apply` refuses it
        return Scaling(np.ldexp(offset, exponents), np.ldexp(scale, exponents))
