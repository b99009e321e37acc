"""Whether factors follow the total of a row, such as the sequencing depth."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from aeexp.data import Dataset, Floats
from aeexp.data.quality.composition import varying_totals

FOLLOWS = 0.7
"""Rank correlation with the row total from which a factor follows it."""


@dataclass(frozen=True)
class Depth:
    """How factors relate to the row total. correlations: (factors,), Spearman's."""

    correlations: Floats

    @property
    def following(self) -> list[tuple[str, float]]:
        """Return the factors that follow the row total, with their correlations."""
        return [
            (f"z{k + 1}", float(r)) for k, r in enumerate(self.correlations) if abs(r) >= FOLLOWS
        ]


def depth_of(data: Dataset, z: Floats) -> Depth | None:
    """Return how the factors relate to the row total; None if it has no meaning.

    z: (rows, factors), of the rows of the table.
    """
    totals = varying_totals(data.x, data.columns)
    if totals is None:
        return None
    ranks = stats.rankdata(np.column_stack([totals, z]), axis=0)
    ranks -= ranks.mean(axis=0)
    norms = np.sqrt((ranks**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = ranks[:, 0] @ ranks[:, 1:] / (norms[0] * norms[1:])
    return Depth(np.nan_to_num(correlations))
