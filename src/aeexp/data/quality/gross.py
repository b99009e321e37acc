"""Cells far from all others of their column, such as a slipped decimal point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeexp.data.chunks import blocks
from aeexp.data.dataset import Floats, Integers
from aeexp.text import few, short

FAR = 100
"""Distance from the median of a column in robust standard deviations."""
FAR_IN_LOGARITHM = 5
"""The same for the logarithms of a column of positive numbers, whose tail may be long."""
GAP = 10
"""Ratio of this distance to that of the next cell. Values of a long tail have no such gap."""
SHARE = 0.01
"""Of the cells of a column that may be gross errors; one in a short column."""
FEWEST = 10  # rows
NAMED = 5
PER_SD = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""
REMEDY = (
    "Correct them, or set preprocessing=robust preprocessing.clip=10, which limits their influence"
)


@dataclass(frozen=True)
class GrossCell:
    """A cell far from the others. distance: from the median, in robust standard deviations."""

    feature: int
    row: int
    value: float
    distance: float


def gross_cells(x: Floats) -> list[GrossCell]:
    """Return the cells of a table that are far from the others of their column, by distance.

    x: (rows, features). The robust standard deviation is 1.4826 times the median absolute
    deviation or, if this is 0, the median of the deviations that are not 0.
    """
    if len(x) < FEWEST:
        return []
    most = max(1, int(np.ceil(SHARE * len(x))))
    found: list[GrossCell] = []
    for columns in blocks(x.shape[1], len(x)):
        part = x[:, columns].astype(np.float64)
        part[~np.isfinite(part)] = np.nan
        present = np.isfinite(part).any(axis=0)
        part = np.where(present, part, 0)
        deviations = np.nan_to_num(np.abs(part - np.nanmedian(part, axis=0)))
        largest = -np.partition(-deviations, most, axis=0)[: most + 1]
        has_gap = largest.max(axis=0) >= GAP * largest.min(axis=0)
        for j in np.flatnonzero(has_gap & (largest.max(axis=0) > 0)).tolist():
            found += _in_column(part[:, j], deviations[:, j], most, columns.start + j)
    return sorted(found, key=lambda cell: -cell.distance)


def _in_column(values: Floats, deviations: Floats, most: int, feature: int) -> list[GrossCell]:
    """Return the gross cells of a column, of at most `most` with the largest deviations."""
    scale = PER_SD * np.median(deviations[np.isfinite(values)])
    if scale == 0:
        positive = deviations[deviations > 0]
        if len(positive) < FEWEST:
            return []
        scale = np.median(positive)
    order = np.argsort(-deviations)[: most + 1]
    far = deviations[order]
    counts = (n for n in range(most, 0, -1) if far[n - 1] >= max(GAP * far[n], FAR * scale))
    count = next(counts, 0)
    if count and np.nanmin(values) > 0 and not _are_far(np.log(values), order[:count]):
        return []
    return [
        GrossCell(feature, int(i), float(values[i]), float(deviations[i] / scale))
        for i in order[:count]
    ]


def _are_far(logarithms: Floats, rows: Integers) -> bool:
    """Return whether the logarithms in all these rows are far, too; long tails are not."""
    deviations = np.abs(logarithms - np.nanmedian(logarithms))
    return bool((deviations[rows] >= FAR_IN_LOGARITHM * PER_SD * np.nanmedian(deviations)).all())


def gross_text(
    cells: Sequence[GrossCell], features: Sequence[str], rows: Sequence[str] | range
) -> str:
    """Return which cells are far from the others. rows: names or numbers from 0."""
    named = [
        f"{short(features[cell.feature])} = {cell.value:.6g} in row {_row(rows, cell.row)}"
        f" ({cell.distance:,.0f} sd)"
        for cell in cells
    ]
    verb = "is a cell" if len(cells) == 1 else f"are {len(cells):,} cells"
    return f"there {verb} far from all others of the column: {few(named, NAMED)}"


def _row(rows: Sequence[str] | range, row: int) -> str:
    return str(rows[row] + 1) if isinstance(rows, range) else short(rows[row])
