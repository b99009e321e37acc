"""prepare: what is done to a table before it is learnt from; fit: the scaling of its columns."""

import math
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from aeexp import imputation
from aeexp.data import Dataset, Floats, Integers
from aeexp.data.blocks import blocks
from aeexp.imputation import Imputation
from aeexp.spec import (
    FitOn,
    MinMax,
    Missing,
    PreprocessingSpec,
    Robust,
    Standard,
    Unscaled,
)

ALIGNMENT = 64  # bytes
FILLS = (Missing.mean, Missing.median, Missing.knn)


@dataclass(frozen=True)
class Scaling:
    """x -> (x - offset) / scale, column by column; a constant column has scale 1.

    offset, scale: (features,), in original units.
    """

    offset: Floats
    scale: Floats

    def apply(self, x: Floats) -> NDArray[np.float32]:
        """Scale (rows, features) in double precision, then round to what networks take.

        What is not a number stays so.

        Raises:
            ValueError: A scaled value is infinite or too large for single precision.
        """
        scaled = _aligned(x.shape)
        for block in blocks(*x.shape):
            with np.errstate(over="ignore"):
                scaled[block] = (x[block] - self.offset) / self.scale
            if np.isinf(scaled[block]).any():
                message = (
                    "The scaled table holds values that are not finite: check its extreme values."
                )
                raise ValueError(message)
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        """Return (rows, features) in original units."""
        return scaled.astype(np.float64) * self.scale + self.offset


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return an array that starts where JAX takes it as it is: elsewhere it makes a copy."""
    room = np.empty(4 * math.prod(shape) + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : len(room) - ALIGNMENT + start].view(np.float32).reshape(shape)


@dataclass(frozen=True)
class Preprocessing:
    """Scales a table and then fills its gaps, never to be fitted again.

    imputation: None where gaps are not filled.
    """

    scaling: Scaling
    imputation: Imputation | None = None

    def apply(self, x: Floats) -> NDArray[np.float32]:
        """Return rows as networks take them: (rows, features).

        Raises:
            ValueError: A value is missing and nothing fills it, or too large; see `Scaling.apply`.
        """
        scaled = self.scaling.apply(x)
        if self.imputation:
            return self.imputation.apply(scaled)
        if np.isnan(scaled).any():
            message = "The table has cells without a number, and nothing says how to fill them."
            raise ValueError(message)
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        """Return (rows, features) in original units."""
        return self.scaling.undo(scaled)


def prepare(spec: PreprocessingSpec, data: Dataset, train: Integers) -> Preprocessing:
    """Return what a table's rows to train on say is to be done to all rows.

    Raises:
        ValueError: A feature has no value in any row to learn it from.
    """
    x = data.x[train] if spec.fit_on is FitOn.train else data.x
    if data.missing not in FILLS:
        return Preprocessing(fit(spec, x))
    empty = np.isnan(x).all(axis=0)
    if empty.any():
        names = ", ".join(data.features[j] for j in np.flatnonzero(empty)[:5])
        message = f"No row to learn from has a value of {names}: leave it out with dataset.drop."
        raise ValueError(message)
    scaling = fit(spec, x)
    return Preprocessing(scaling, imputation.fit(data.missing, scaling.apply(x)))


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
