"""Selection of the features that vary most, such as the 2,000 most variable of 20,000 genes.

Variances are of the training rows; in cross-fitting, where each row is a training row of the final
model, of all rows. Rows are scaled before, over all features, as a total needs all of them.
Labels do not enter. Shuffled columns keep their variances, so that tables without structure have
the same selection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aeexp.config.spec import FitOn, Select
from aeexp.data.dataset import fingerprint
from aeexp.data.features import features, places
from aeexp.data.row_scaling import amounts, fit_rows
from aeexp.errors import UserError
from aeexp.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aeexp.config.spec import PreprocessingSpec
    from aeexp.data.dataset import Dataset, Floats, Integers
    from aeexp.data.features import Column
    from aeexp.data.row_scaling import RowScale

CRITERIA = {
    Select.variable: "largest variance",
    Select.dispersed: "largest variance relative to that expected from their mean",
}
DEGREE = 2
"""Of the polynomial that gives the logarithm of a variance from that of the mean."""


@dataclass(frozen=True)
class Selection:
    """The features of a table that are learnt from.

    columns: of the table before the selection. chosen: (selected features,), their places. rows:
    the scaling of rows over all features, which comes first; None without one.
    """

    columns: tuple[Column, ...]
    chosen: Integers
    rows: RowScale | None = None

    def apply(self, x: Floats) -> Floats:
        """Return the selected features of rows: (rows, selected). x: (rows, features)."""
        return (x if self.rows is None else self.rows.apply(x))[:, self.chosen]


def selection_of(
    columns: Sequence[Column], selected: Sequence[Column], rows: RowScale | None
) -> Selection:
    """Return the selection of some columns of a table. rows: see `Selection`."""
    wanted = {column.name for column in selected}
    chosen = [np.arange(p.start, p.stop) for column, p in places(columns) if column.name in wanted]
    return Selection(tuple(columns), np.concatenate(chosen), rows)


def with_selection(spec: PreprocessingSpec, data: Dataset, train: Integers) -> Dataset:
    """Return a table with the `preprocessing.n` columns of numbers that vary most.

    Columns of categories stay. train: the numbers of the training rows.

    Raises:
        UserError: Fewer columns than `preprocessing.n`, or negative amounts for `dispersed`.
    """
    if spec.select is Select.none:
        return data
    firsts = {c.name: place.start for c, place in places(data.columns) if not c.categories}
    if spec.n > len(firsts):
        raise UserError(
            f"preprocessing.n={spec.n:,} is more than the {counted(len(firsts), 'column')} of"
            f" numbers of {data.name}. Use fewer, or remove preprocessing.select."
        )
    fitted = train if spec.fit_on is FitOn.train else np.arange(len(data.x))
    rows = fit_rows(spec.rows, data.x[fitted], data.columns)
    x = data.x if rows is None else rows.apply(data.x)
    if spec.select is Select.dispersed:
        scores = dispersion(amounts(data.x[fitted], data.columns))
    else:
        scores = np.nanvar(x[fitted][:, [*firsts.values()]], axis=0, dtype=np.float64)
    order = np.argsort(-np.nan_to_num(scores, nan=-1.0), kind="stable")
    wanted = {[*firsts][j] for j in order[: spec.n]}
    selected = tuple(c for c in data.columns if c.categories or c.name in wanted)
    selection = selection_of(data.columns, selected, rows)
    note = (
        f"{spec.n:,} of {counted(len(firsts), 'column')} of numbers with the"
        f" {CRITERIA[spec.select]} in {len(fitted):,} rows are learnt from"
    )
    return replace(
        data,
        x=np.ascontiguousarray(x[:, selection.chosen]),
        features=features(selected),
        origin=selected,
        notes=(*data.notes, note),
        selection=selection,
        raw_hash=fingerprint(data),
    )


def dispersion(counts: Floats) -> Floats:
    """Return the variance of features relative to that expected from their mean: (features,).

    A polynomial of the logarithm of the mean predicts that of the variance; values are
    standardised by it, limited to the square root of the number of rows, and their variance is
    returned (Stuart et al., 2019, doi:10.1016/j.cell.2019.05.031; there with a local regression).
    counts: (rows, features), without gaps.

    Raises:
        UserError: A value is negative or missing.
    """
    if not (counts.min() >= 0):
        raise UserError(
            "preprocessing.select=dispersed needs complete amounts of at least 0, such as counts."
            " Set preprocessing.select=variable."
        )
    mean, variance = counts.mean(axis=0), counts.var(axis=0, ddof=1)
    varies = variance > 0
    expected = np.ones(counts.shape[1])
    if varies.sum() > DEGREE:
        logarithm = np.log10(mean[varies])
        trend = np.polynomial.Polynomial.fit(logarithm, np.log10(variance[varies]), DEGREE)
        expected[varies] = 10 ** trend(logarithm)
    limit = np.sqrt(len(counts))
    standardised = np.minimum((counts - mean) / np.sqrt(expected), limit)
    return np.where(varies, np.square(standardised).sum(axis=0) / (len(counts) - 1), 0.0)
