"""Scaling of rows before that of features: removes their total, as the sequencing depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import RowScaling
from aeexp.data.dataset import Floats
from aeexp.data.features import Column, places
from aeexp.errors import UserError

Mask = NDArray[np.bool_]
MOST_NEGATIVE = -1e-9
"""Values from which a table has negative ones; log1p and its inverse may round 0 to less."""


@dataclass(frozen=True)
class RowScale:
    """A fitted scaling of rows.

    reference: for `total`, the total of a scaled row: (1,); for `median_ratio`, a value for each
    feature, 0 if it is not used: (features,). scaled: (features,), whether a feature is a number,
    not an indicator of a category. logarithmic: (features,), whether it is log(1 + value): then
    the value is scaled before its logarithm.
    """

    kind: RowScaling
    reference: Floats
    scaled: Mask
    logarithmic: Mask

    def apply(self, x: Floats) -> Floats:
        """Return rows in double precision: (rows, features).

        Raises:
            UserError: A row has a missing or a negative value, or too many zeros.
        """
        result = x.astype(np.float64)
        values = _amounts(result, self.logarithmic)[:, self.scaled]
        _check(values, self.kind)
        if self.kind is RowScaling.clr:
            values = _centred_logarithms(values)
        else:
            factors = self.factors(values)
            factors[~values.any(axis=1)] = 1  # a row of zeros remains one
            if (wrong := ~(factors > 0)).any():
                raise UserError(
                    f"preprocessing.rows={self.kind.value}: {int(wrong.sum()):,} rows cannot be"
                    f" scaled, as most of their values are 0; the first is row"
                    f" {int(wrong.argmax()) + 1:,}. Leave these rows out, or set"
                    " preprocessing.rows=total."
                )
            values = values / factors[:, None]
        result[:, self.scaled] = values
        return np.log1p(result, where=self.logarithmic, out=result)

    def factors(self, values: Floats) -> Floats:
        """Return the factor by which each row is divided: (rows,). values: of scaled features."""
        if self.kind is RowScaling.total:
            return values.sum(axis=1) / self.reference
        used = self.reference[self.scaled] > 0
        return np.median(values[:, used] / self.reference[self.scaled][used], axis=1)


def fit_rows(kind: RowScaling, x: Floats, columns: Sequence[Column]) -> RowScale | None:
    """Return the scaling of rows, fitted on the rows of x: (rows, features); None for `none`.

    columns: of the features. total: to the median total of these rows. median_ratio: a row is
    divided by the median ratio of its values and their geometric means over these rows, of the
    features that are above 0 in all of them (Anders and Huber, 2010,
    doi:10.1186/gb-2010-11-10-r106, eq. 5). clr: the logarithm of a value minus the mean logarithm
    of its row (Aitchison, 1982, doi:10.1111/j.2517-6161.1982.tb01195.x).

    Raises:
        UserError: No feature is above 0 in all rows, or as `RowScale.apply`.
    """
    if kind is RowScaling.none:
        return None
    scale = row_scale(kind, np.ones(1), columns)
    values = _amounts(x.astype(np.float64), scale.logarithmic)
    if kind is RowScaling.clr:
        if scale.logarithmic.any():
            raise UserError(
                "preprocessing.rows=clr takes logarithms itself: remove dataset.log1p."
            )
        return scale
    _check(values[:, scale.scaled], kind)
    if kind is RowScaling.total:
        totals = values[:, scale.scaled].sum(axis=1)
        return row_scale(kind, np.array([np.median(totals)]), columns)
    used = scale.scaled & (values > 0).all(axis=0)
    if not used.any():
        raise UserError(
            "preprocessing.rows=median_ratio needs a feature that is above 0 in all training rows."
            " Set preprocessing.rows=total."
        )
    reference = np.zeros(x.shape[1])
    reference[used] = np.exp(np.log(values[:, used]).mean(axis=0))
    return row_scale(kind, reference, columns)


def row_scale(kind: RowScaling, reference: Floats, columns: Sequence[Column]) -> RowScale:
    """Return a scaling of rows by its reference. columns: of the features."""
    count = sum(len(column.features) for column in columns)
    scaled, logarithmic = np.ones(count, bool), np.zeros(count, bool)
    for column, place in places(columns):
        scaled[place], logarithmic[place] = not column.categories, column.log1p
    return RowScale(kind, reference, scaled, logarithmic)


def amounts(x: Floats, columns: Sequence[Column]) -> Floats:
    """Return the numbers of a table without logarithms, in double precision: (rows, numbers)."""
    scale = row_scale(RowScaling.none, np.ones(1), columns)
    return _amounts(x.astype(np.float64), scale.logarithmic)[:, scale.scaled]


def _amounts(x: Floats, logarithmic: Mask) -> Floats:
    return np.expm1(x, where=logarithmic, out=x)


def _check(values: Floats, kind: RowScaling) -> None:
    key = f"preprocessing.rows={kind.value}"
    if np.isnan(values).any():
        raise UserError(
            f"{key} needs complete rows, as a missing value changes the total. Set"
            " dataset.missing=drop_rows, or exclude columns with dataset.drop."
        )
    if (low := values.min()) < MOST_NEGATIVE:
        raise UserError(f"{key} needs amounts of at least 0, got {low:.3g}. Remove it.")


def _centred_logarithms(values: Floats) -> Floats:
    """Return centred log-ratios: (rows, features).

    A zero becomes 1 / D² of the total of its row of D values, and the others shrink by as much
    (Martín-Fernández et al., 2003, doi:10.1023/A:1023866030544).
    """
    totals = values.sum(axis=1, keepdims=True)
    if (empty := totals[:, 0] <= 0).any():
        raise UserError(
            f"preprocessing.rows=clr: {int(empty.sum()):,} rows have only zeros; the first is row"
            f" {int(empty.argmax()) + 1:,}. Leave these rows out."
        )
    shares, least = values / totals, values.shape[1] ** -2.0
    zero = shares <= 0
    shares = np.where(zero, least, shares * (1 - least * zero.sum(axis=1, keepdims=True)))
    logarithms = np.log(shares)
    return logarithms - logarithms.mean(axis=1, keepdims=True)
