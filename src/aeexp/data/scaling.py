"""Preprocessing of a table: `fit` returns the scaling, `prepare` adds the imputation."""

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
    RowScaling,
    Standard,
    Unscaled,
)
from aeexp.config.verb import verb
from aeexp.data import Dataset, Floats, Integers, effects, imputation
from aeexp.data.chunks import blocks
from aeexp.data.effects import Effects
from aeexp.data.imputation import Imputation
from aeexp.data.row_scaling import RowScale, fit_rows
from aeexp.errors import UserError
from aeexp.text import few

ALIGNMENT = 64  # bytes
FILLS = (Missing.mean, Missing.median, Missing.knn)

ORDINARY = 30
"""Columns whose largest value is between 2^-30 and 2^30 are scaled without a power of two."""
SMALLEST = -1000
"""The smallest exponent of such a power, which keeps scales above zero."""
REFITS = 5
"""Fits of effects to limited residuals, after the first."""
LARGEST = 1e305
"""Larger offsets and scales overflow in figures and tables, if not in the scaling itself."""


@dataclass(frozen=True)
class Scaling:
    """x -> (x - offset) / scale for each column; a constant column has scale 1.

    offset, scale: (features,), in original units. A constant column that is very large or very
    small has a scale of its own size, so that other values can be scaled, too.
    """

    offset: Floats
    scale: Floats

    def apply(self, x: Floats, features: Sequence[str] = ()) -> NDArray[np.float32]:
        """Scale (rows, features) in double precision, then round to single precision.

        NaN stays NaN. features: the names of the columns, for the error; numbered without them.

        Raises:
            UserError: A scaled value is infinite or too large for single precision.
        """
        scaled = _aligned(x.shape)
        overflows = ~(np.abs(self.offset) + np.abs(self.scale) < LARGEST)
        for block in blocks(*x.shape):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                scaled[block] = (x[block] - self.offset) / self.scale
            overflows |= (~np.isfinite(scaled[block]) & ~np.isnan(x[block])).any(0)
        if overflows.any():
            columns = np.flatnonzero(overflows).tolist()
            names = [features[j] if len(features) else str(j + 1) for j in columns]
            is_scaled = (self.scale != 1).any()
            remedy = "convert them to other units" if is_scaled else "set preprocessing=standard"
            raise UserError(
                f"Scaled values are infinite or too large in the columns {few(names)}. Exclude"
                f" these columns, or {remedy}."
            )
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        """Return (rows, features) in original units."""
        return scaled.astype(np.float64) * self.scale + self.offset


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return an array at an address that JAX can use without a copy."""
    buffer = np.empty(4 * math.prod(shape) + ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % ALIGNMENT
    return buffer[start : len(buffer) - ALIGNMENT + start].view(np.float32).reshape(shape)


@dataclass(frozen=True)
class Preprocessing:
    """A fitted scaling and imputation, which also apply to new rows.

    imputation: None if missing cells are not filled. rows: scaling of rows, which comes first, or
    None. effects: of covariates, which are removed before scaling; None without covariates. clip:
    the largest absolute value after scaling, None for no limit.
    """

    scaling: Scaling
    imputation: Imputation | None = None
    effects: Effects | None = None
    rows: RowScale | None = None
    clip: float | None = None

    def apply(
        self, x: Floats, features: Sequence[str] = (), covariates: Floats | None = None
    ) -> NDArray[np.float32]:
        """Return the input of networks: (rows, features), scaled, without missing values.

        covariates: (rows, terms), needed if there are effects.

        Raises:
            UserError: A value is missing and is not filled, or too large; see `Scaling.apply`.
        """
        scaled = self.scaled(self.adjusted(x, covariates), features)
        if self.imputation:
            return self.imputation.apply(scaled)
        if np.isnan(scaled).any():
            raise UserError(
                "The table has missing cells, which this preprocessing does not fill. Set"
                " dataset.missing=mean, median or knn."
            )
        return scaled

    def adjusted(self, x: Floats, covariates: Floats | None = None) -> Floats:
        """Return values with scaled rows and without effects, before the scaling of features."""
        x = x if self.rows is None else self.rows.apply(x)
        if self.effects is None:
            return x
        assert covariates is not None
        return self.effects.removed(x, covariates)

    def scaled(self, x: Floats, features: Sequence[str] = ()) -> NDArray[np.float32]:
        """Return scaled and limited values, with gaps. x: (rows, features), adjusted."""
        scaled = self.scaling.apply(x, features)
        if self.clip is not None:
            np.clip(scaled, -self.clip, self.clip, out=scaled)
        return scaled

    def undo(self, scaled: Floats, covariates: Floats | None = None) -> Floats:
        """Return (rows, features) in original units, in which scaled rows remain scaled.

        Without covariates, values are those of rows with average ones.
        """
        x = self.scaling.undo(scaled)
        if self.effects is None or covariates is None:
            return x
        return self.effects.restored(x, covariates)


def prepare(spec: PreprocessingSpec, data: Dataset, train: Integers) -> Preprocessing:
    """Return the preprocessing of a table, fitted on its training rows or, by spec, on all.

    train: the numbers of the training rows.

    Raises:
        UserError: A feature has no value in these rows.
    """
    fitted = train if spec.fit_on is FitOn.train else slice(None)
    x, removed = data.x[fitted], None
    kind = RowScaling.none if data.selection else spec.rows  # a selection has scaled the rows
    rows = fit_rows(kind, x, data.columns)
    x = x if rows is None else rows.apply(x)
    if data.covariates:
        covariates = data.covariates.take(fitted)
        removed = _effects(spec, x, covariates)
        x = removed.removed(x, covariates.values)
    if data.missing not in FILLS:
        return Preprocessing(fit(spec, x), None, removed, rows, spec.clip)
    empty = np.isnan(x).all(axis=0)
    if empty.any():
        names = few([data.features[j] for j in np.flatnonzero(empty)])
        raise UserError(
            f"The training rows have no value of {names}: leave the column out with dataset.drop."
        )
    scaling = fit(spec, x)
    unfilled = Preprocessing(scaling, clip=spec.clip)
    filled = imputation.fit(data.missing, unfilled.scaled(x, data.features))
    return Preprocessing(scaling, filled, removed, rows, spec.clip)


def _effects(spec: PreprocessingSpec, x: Floats, covariates: effects.Covariates) -> Effects:
    """Return the effects of covariates; with `preprocessing.clip`, of limited residuals.

    Otherwise a gross error would become an effect before it is clipped. Residuals are limited and
    fitted again a few times (Huber, 1981, Robust Statistics, section 7.8: modified residuals).
    """
    if spec.clip is None:
        return effects.fit(x, covariates)
    values = covariates.values
    removed = effects.fit(_limited(spec, x), covariates)
    for _ in range(REFITS):
        limited = _limited(spec, removed.removed(x, values))
        removed = effects.fit(removed.restored(limited, values), covariates)
    return removed


def _limited(spec: PreprocessingSpec, x: Floats) -> Floats:
    """Return values that are at most `preprocessing.clip` after scaling."""
    assert spec.clip is not None
    scaling = fit(spec, x)
    reach = spec.clip * scaling.scale
    return np.clip(x, scaling.offset - reach, scaling.offset + reach)


@verb
def fit(spec: PreprocessingSpec, x: Floats) -> Scaling:
    """Return the scaling of a spec, fitted on the rows of x: (rows, features)."""
    raise NotImplementedError(
        f"No scaling for {type(spec).__name__}: register one with data.scaling.fit.register."
    )


@fit.register
def _(spec: Standard, x: Floats) -> Scaling:
    x, exponents = _ordinary(x)
    scaler = StandardScaler().fit(x)
    return _scaling(scaler.mean_, scaler.scale_, exponents)


@fit.register
def _(spec: MinMax, x: Floats) -> Scaling:
    x, exponents = _ordinary(x)
    scaler = MinMaxScaler((spec.low, spec.high)).fit(x)
    return _scaling(-scaler.min_ / scaler.scale_, 1 / scaler.scale_, exponents)


@fit.register
def _(spec: Robust, x: Floats) -> Scaling:
    x, exponents = _ordinary(x)
    scaler = RobustScaler(quantile_range=(spec.low, spec.high)).fit(x)
    return _scaling(scaler.center_, scaler.scale_, exponents)


@fit.register
def _(spec: Unscaled, x: Floats) -> Scaling:
    return Scaling(np.zeros(x.shape[1]), np.ones(x.shape[1]))


def _ordinary(x: Floats) -> tuple[Floats, Integers]:
    """Divide columns of extreme size by powers of two; return them and the exponents.

    Otherwise the squares of 1e300 overflow, and scikit-learn takes a column of 1e-16 for constant.
    Division by a power of two is exact. Other columns are not changed.
    """
    exponents = np.frexp(np.fmax(np.fmax.reduce(x), -np.fmin.reduce(x)))[1]  # ignores NaN
    exponents[np.abs(exponents) <= ORDINARY] = 0
    exponents = exponents.clip(SMALLEST)
    return (np.ldexp(x, -exponents) if exponents.any() else x), exponents


def _scaling(offset: Floats, scale: Floats, exponents: Integers) -> Scaling:
    with np.errstate(over="ignore"):  # `apply` checks for infinities
        return Scaling(np.ldexp(offset, exponents), np.ldexp(scale, exponents))
