"""prepare: what is done to a table before it is learnt from; fit: the scaling of its columns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from aeexp.config.spec import (
    FitOn,
    MinMax,
    Missing,
    PreprocessingSpec,
    Robust,
    Standard,
    Unscaled,
)
from aeexp.config.verb import verb
from aeexp.data import Dataset, Floats, Integers, imputation
from aeexp.data.chunks import blocks
from aeexp.data.imputation import Imputation
from aeexp.errors import UserError
from aeexp.text import few

ALIGNMENT = 64  # bytes
FILLS = (Missing.mean, Missing.median, Missing.knn)

ORDINARY = 30
"""Powers of two up to which, and down to whose inverse, the largest value of a column may be."""
SMALLEST = -1000
"""Of those powers, so that no scale becomes zero."""
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

        What is not a number stays so. features: the names of the columns, for the error; without
        them they are counted from 1.

        Raises:
            UserError: A scaled value is infinite or too large for single precision.
        """
        size = np.abs(self.offset) + np.abs(self.scale)
        scaled, lost = _aligned(x.shape), ~(size < LARGEST)
        for block in blocks(*x.shape):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                scaled[block] = (x[block] - self.offset) / self.scale
            lost |= (~np.isfinite(scaled[block]) & ~np.isnan(x[block])).any(0)
        if lost.any():
            _refuse(np.flatnonzero(lost), features, scaled=bool((self.scale != 1).any()))
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        """Return (rows, features) in original units."""
        return scaled.astype(np.float64) * self.scale + self.offset


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return an array that starts where JAX takes it as it is: elsewhere it makes a copy."""
    room = np.empty(4 * math.prod(shape) + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : len(room) - ALIGNMENT + start].view(np.float32).reshape(shape)


def _refuse(lost: Integers, features: Sequence[str], *, scaled: bool) -> None:
    named = [features[j] if len(features) else str(j + 1) for j in lost]
    instead = "give them in other units" if scaled else "choose preprocessing=standard"
    message = (
        f"Scaled values are not finite, or too large, in the columns {few(named)}:"
        f" leave these columns out, or {instead}."
    )
    raise UserError(message)


@dataclass(frozen=True)
class Preprocessing:
    """Scales a table and then fills its gaps, never to be fitted again.

    imputation: None where gaps are not filled.
    """

    scaling: Scaling
    imputation: Imputation | None = None

    def apply(self, x: Floats, features: Sequence[str] = ()) -> NDArray[np.float32]:
        """Return rows as networks take them: (rows, features).

        Raises:
            UserError: A value is missing and nothing fills it, or too large; see `Scaling.apply`.
        """
        scaled = self.scaling.apply(x, features)
        if self.imputation:
            return self.imputation.apply(scaled)
        if np.isnan(scaled).any():
            message = "The table has cells without a number, and nothing says how to fill them."
            raise UserError(message)
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        """Return (rows, features) in original units."""
        return self.scaling.undo(scaled)


def prepare(spec: PreprocessingSpec, data: Dataset, train: Integers) -> Preprocessing:
    """Return what a table's rows to train on say is to be done to all rows.

    Raises:
        UserError: A feature has no value in any row to learn it from.
    """
    x = data.x[train] if spec.fit_on is FitOn.train else data.x
    if data.missing not in FILLS:
        return Preprocessing(fit(spec, x))
    empty = np.isnan(x).all(axis=0)
    if empty.any():
        names = ", ".join(data.features[j] for j in np.flatnonzero(empty)[:5])
        message = f"No row to learn from has a value of {names}: leave it out with dataset.drop."
        raise UserError(message)
    scaling = fit(spec, x)
    return Preprocessing(scaling, imputation.fit(data.missing, scaling.apply(x, data.features)))


@verb
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
    exponents = np.frexp(np.fmax(np.fmax.reduce(x), -np.fmin.reduce(x)))[1]  # of what is there
    exponents[np.abs(exponents) <= ORDINARY] = 0
    exponents = exponents.clip(SMALLEST)
    return (np.ldexp(x, -exponents) if exponents.any() else x), exponents


def _scaling(offset: Floats, scale: Floats, exponents: Integers) -> Scaling:
    with np.errstate(over="ignore"):  # `apply` refuses it
        return Scaling(np.ldexp(offset, exponents), np.ldexp(scale, exponents))
