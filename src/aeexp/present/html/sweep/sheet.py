"""Means and deviations as cells of a table."""

from aeexp.analysis.spread import Spread
from aeexp.present.html.table import Cell
from aeexp.present.text.sweep import spread_text


def spread_out(spread: Spread, *, best: bool = False) -> Cell:
    """Return the cell of a mean and its deviation, sorted by the mean."""
    return Cell(spread_text(spread), spread.mean, best=best) if spread.n else Cell()
