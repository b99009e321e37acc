"""Notes on the numbers of a table: gross errors, a composition, and a quantity in two units."""

from collections.abc import Iterable, Sequence

import numpy as np

from aeexp.data.dataset import Floats
from aeexp.data.features import Column, features
from aeexp.data.imputation import centred_cells
from aeexp.data.quality.composition import composition_total
from aeexp.data.quality.gross import REMEDY, gross_cells, gross_text
from aeexp.text import few, short

SAME_QUANTITY = 0.999
"""Correlation of two columns that are the same quantity in other units."""
FEWEST_ROWS, MOST_ROWS, MOST_FEATURES = 20, 2_000, 2_000
"""With fewer rows, columns correlate by chance; of more rows and features, the first are used."""


def number_notes(x: Floats, columns: Sequence[Column], rows: Sequence[str] | range) -> list[str]:
    """Return notes on the numbers of a table: x (rows, features), of these columns and rows."""
    notes, names = [], features(columns)
    if cells := gross_cells(x):
        notes.append(f"{gross_text(cells, names, rows)}. {REMEDY}")
    if (total := composition_total(x, columns)) is not None:
        notes.append(
            f"the columns add up to {total:.4g} in each row: shares of a whole, which are not"
            " independent of one another. Set preprocessing.rows=clr to compare their ratios"
        )
    without = np.ones(x.shape[1], bool)
    without[[cell.feature for cell in cells]] = False
    if pairs := same_quantities(x, np.flatnonzero(without)):
        named = [f"{short(names[i])} and {short(names[j])}" for i, j in pairs]
        notes.append(
            f"the same quantity twice, perhaps in two units: {few(named)} (correlation above"
            f" {SAME_QUANTITY}). Exclude one of them with dataset.drop"
        )
    return notes


def same_quantities(x: Floats, among: Iterable[int]) -> list[tuple[int, int]]:
    """Return the pairs of features that correlate nearly perfectly, but are not equal.

    x: (rows, features). among: the features to compare.
    """
    places = np.array([*among], int)[:MOST_FEATURES]
    if len(x) < FEWEST_ROWS or len(places) < 2:
        return []
    part = x[:MOST_ROWS][:, places].astype(np.float64)
    _, deviations, _ = centred_cells(part)
    norms = np.sqrt((deviations**2).sum(axis=0))
    deviations = deviations / np.where(norms > 0, norms, np.inf)
    similar = np.argwhere(np.triu(np.abs(deviations.T @ deviations) > SAME_QUANTITY, 1))
    return [
        (int(places[i]), int(places[j]))
        for i, j in similar.tolist()
        if not np.array_equal(part[:, i], part[:, j], equal_nan=True)
    ]
