"""Totals of rows: those of a composition, which are the same in all rows, and those that vary."""

from collections.abc import Sequence

import numpy as np

from aeexp.data.chunks import blocks
from aeexp.data.dataset import Floats
from aeexp.data.features import Column
from aeexp.data.row_scaling import amounts

SAME_TOTAL = 5e-3
"""Largest relative deviation of a total from the median total of a composition, by rounding."""
FEWEST_IN_COMPOSITION, FEWEST_IN_TOTAL = 3, 10
"""Columns. With fewer than 10, the total of a row is mostly one of them."""
MOST_SHARE = 0.5
"""Share of one column in the variance of all, from which the total is mostly that column."""
EXAMINED = 10_000  # rows for this share


def row_totals(x: Floats, columns: Sequence[Column]) -> Floats | None:
    """Return the total of the numbers in each row: (rows,); None if one is negative or missing.

    x: (rows, features). columns: of the features; a logarithm log(1 + value) counts as its value.
    """
    if not len(x) or not x[0].min() >= 0:
        return None
    totals = np.empty(len(x))
    for block in blocks(*x.shape):
        values = amounts(x[block], columns)
        if not (values >= 0).all():
            return None
        totals[block] = values.sum(axis=1)
    return totals


def composition_total(x: Floats, columns: Sequence[Column]) -> float | None:
    """Return the total of each row, such as 100, if all rows have the same; else None."""
    totals = row_totals(x, columns)
    if totals is None or min(amounts(x[:1], columns).shape[1], len(x)) < FEWEST_IN_COMPOSITION:
        return None
    usual = float(np.median(totals))
    is_same = usual > 0 and np.abs(totals - usual).max() <= SAME_TOTAL * usual
    return usual if is_same and np.ptp(x, axis=0).any() else None


def varying_totals(x: Floats, columns: Sequence[Column]) -> Floats | None:
    """Return the total of each row, (rows,), if it has a meaning, as that of counts has.

    None if a number is negative or missing, a column has most of the variance, as one in a smaller
    unit has, there are few columns, or the totals do not vary.
    """
    totals = row_totals(x, columns)
    if totals is None:
        return None
    values = amounts(x[:EXAMINED], columns)
    variances = values.var(axis=0)
    is_one_column = variances.max() > MOST_SHARE * variances.sum()
    if values.shape[1] < FEWEST_IN_TOTAL or is_one_column:
        return None
    return totals if np.ptp(totals) > SAME_TOTAL * np.median(totals) else None
