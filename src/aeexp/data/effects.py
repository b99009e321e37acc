"""Effects of covariates such as age or plate: learnt from training rows, removed from features.

The effect of a covariate is estimated by least squares: a slope for a column of numbers, a mean
for each category. This is `removeBatchEffect` of limma (Ritchie et al., 2015,
doi:10.1093/nar/gkv007). With equal variances in all batches in addition, it is ComBat without
shrinkage (Johnson et al., 2007, doi:10.1093/biostatistics/kxj037). Labels do not enter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aeexp.data.chunks import blocks
from aeexp.data.features import Column, places

Floats = NDArray[np.floating]

FEWEST_SCALED = 5
"""Rows of a batch from which its variance is estimated; smaller batches keep theirs."""
ARRAYS = "centre", "coefficients", "level", "spread", "explained"
"""The fields of `Effects` that are arrays."""
COLLINEAR = 1e-9
"""Ratio of singular values below which covariates determine one another."""
ROUNDING = 100
"""Residuals below so many rounding errors of the largest value are taken as zero."""


@dataclass(frozen=True)
class Covariates:
    """Columns whose effects are removed, and their cells.

    values: (rows, terms), numbers of numeric columns and indicators of categories. batch: the name
    of the column in whose categories variances become equal; "" for none.
    """

    columns: tuple[Column, ...]
    values: Floats
    batch: str = ""

    @property
    def names(self) -> list[str]:
        """Return the names of the columns."""
        return [column.name for column in self.columns]

    def take(self, rows: Any) -> Self:
        """Return the covariates of some rows."""
        return replace(self, values=self.values[rows])

    def of_bins(self, members: Any) -> Self:
        """Return the mean covariates of bins. members: (bins, rows of a bin), indices."""
        return replace(self, values=self.values[members].mean(axis=1))

    def unseen(self, train: Any, rows: Any) -> Iterator[tuple[Column, str, NDArray[np.bool_]]]:
        """Yield the categories of `rows` that no training row has.

        The column, the category, and which of the rows have it: (rows,). train, rows: indices.
        """
        for column, place in categorical(self.columns):
            known = self.values[train, place].any(axis=0)
            for k in np.flatnonzero(~known):
                has = self.values[rows, place.start + k] > 0
                if has.any():
                    yield column, column.categories[k], has


@dataclass(frozen=True)
class Effects:
    """Effects of covariates on features.

    columns: the covariates. centre: (terms,), their means over the training rows. coefficients:
    (terms, features), change of a feature per unit. level: (features,), mean of a row with average
    covariates. spread: (categories of the batch, features), standard deviation in a batch relative
    to that in all batches; no rows unless variances become equal. explained: (features,), whether
    nothing remains of a feature. batch: see `Covariates`.
    """

    columns: tuple[Column, ...]
    centre: Floats
    coefficients: Floats
    level: Floats
    spread: Floats
    explained: NDArray[np.bool_]
    batch: str = ""

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return its arrays in model/support.npz by name."""
        return {f"effects/{name}": getattr(self, name) for name in ARRAYS}

    def removed(self, x: Floats, values: Floats) -> Floats:
        """Return rows as if all had average covariates: (rows, features).

        A category that no training row had has no effect. values: (rows, terms), see `Covariates`.
        """
        rest = np.empty_like(x)
        for block in blocks(*x.shape):
            deviations = x[block] - self.level - self._of(values[block])
            rest[block] = self.level + deviations / self._spread_of(values[block])
        rest[:, self.explained] = np.where(
            np.isnan(x[:, self.explained]), np.nan, self.level[self.explained]
        )
        return rest

    def restored(self, rest: Floats, values: Floats) -> Floats:
        """Return rows with the effects of their covariates: the inverse of `removed`."""
        deviations = (rest - self.level) * self._spread_of(values)
        return self.level + self._of(values) + deviations

    def _of(self, values: Floats) -> Floats:
        return (values - self.centre) @ self.coefficients

    def _spread_of(self, values: Floats) -> Floats:
        """Return the relative standard deviation of each cell; 1 in batches without one."""
        if not len(self.spread):
            return np.ones((1, 1))
        indicators = values[:, _place(self.columns, self.batch)]
        return indicators @ self.spread + (1 - indicators.sum(axis=1, keepdims=True))


def fit(x: Floats, covariates: Covariates) -> Effects:
    """Return the effects of covariates on features. x: (rows, features), may have missing cells.

    A feature with missing cells is fitted to the rows where it is known.
    """
    columns, values = covariates.columns, np.asarray(covariates.values, np.float64)
    centre, coefficients, level = values.mean(axis=0), *_least_squares(x, values, columns)
    none = np.empty((0, x.shape[1])), np.zeros(x.shape[1], bool)
    effects = Effects(columns, centre, coefficients, level, *none)
    rest = effects.removed(x, values).astype(np.float64) - level
    eps = ROUNDING * np.finfo(np.float64).eps + np.finfo(x.dtype).eps
    explained = _largest(rest) <= eps * _largest(x)
    effects = replace(effects, explained=explained)
    if not covariates.batch:
        return effects
    place = _place(columns, covariates.batch)
    spread = _spread(rest, values[:, place].astype(bool))
    return replace(effects, batch=covariates.batch, spread=spread)


def _least_squares(
    x: Floats, values: Floats, columns: tuple[Column, ...]
) -> tuple[Floats, Floats]:
    """Return the coefficients and the level of each feature; see `Effects`."""
    coefficients, level = np.zeros((values.shape[1], x.shape[1])), np.zeros(x.shape[1])
    centre, known = values.mean(axis=0), ~np.isnan(x)
    complete = known.all(axis=0)
    parts = [(np.ones(len(x), bool), np.flatnonzero(complete))]  # solved at once
    parts += [(known[:, j], np.array([j])) for j in np.flatnonzero(~complete)]
    for rows, some in parts:
        if rows.any() and some.size:
            cells = x[np.ix_(rows, some)]
            slopes = _slopes(values[rows], cells)
            for _, place in categorical(columns):  # an unseen category has no effect
                slopes[place] -= centre[place] @ slopes[place]
            shifted = (centre - values[rows].mean(axis=0)) @ slopes
            coefficients[:, some] = slopes
            level[some] = cells.mean(axis=0, dtype=np.float64) + shifted
    return coefficients, level


def categorical(columns: tuple[Column, ...]) -> Iterator[tuple[Column, slice]]:
    """Yield each column with categories and the slice of its terms."""
    return ((column, place) for column, place in places(columns) if column.categories)


def explained_share(values: Floats, targets: Floats) -> float:
    """Return the adjusted R² of targets that covariates explain linearly, from 0 to 1.

    values: (rows, terms). targets: (rows, targets), such as indicators of classes. NaN if the
    targets do not vary or the rows are too few.
    """
    centred = targets - targets.mean(axis=0)
    rest = centred - (values - values.mean(axis=0)) @ _slopes(values, targets)
    total, rank = np.square(centred).sum(), np.linalg.matrix_rank(values - values.mean(axis=0))
    freedom = len(values) - rank - 1
    if total <= 0 or freedom < 1:
        return np.nan
    return max(0.0, 1 - float(np.square(rest).sum() / total * (len(values) - 1) / freedom))


def _largest(x: Floats) -> Floats:
    return np.asarray(np.fmax.reduce(np.abs(x), axis=0, initial=0.0))


def _slopes(values: Floats, x: Floats) -> Floats:
    """Return the shortest least-squares coefficients: (terms, features)."""
    centred = values - values.mean(axis=0)
    units = centred.std(axis=0)
    units[units == 0] = 1
    deviations = x - x.mean(axis=0, dtype=np.float64)
    return np.linalg.pinv(centred / units, rcond=COLLINEAR) @ deviations / units[:, None]


def _spread(rest: Floats, batches: NDArray[np.bool_]) -> Floats:
    """Return the relative standard deviation in each batch; see `Effects`.

    rest: (rows, features), deviations from the mean of the batch. batches: (rows, batches).
    """
    known = ~np.isnan(rest)
    squares = np.array([np.nansum(np.square(rest[batch]), axis=0) for batch in batches.T])
    counts = np.array([known[batch].sum(axis=0) for batch in batches.T])
    freedom = np.maximum(counts - 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(squares / freedom / (squares.sum(axis=0) / freedom.sum(axis=0)))
    usable = (counts >= FEWEST_SCALED) & (squares > 0) & np.isfinite(spread)
    return np.where(usable, spread, 1)


def _place(columns: tuple[Column, ...], name: str) -> slice:
    return next(place for column, place in places(columns) if column.name == name)
