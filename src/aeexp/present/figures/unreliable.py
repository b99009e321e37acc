"""What is drawn pale or marked, as it is not to be relied on."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLACE = "whose neighbours here are not theirs among the features"
"""Why a row is in doubt wherever it is drawn."""


@dataclass(frozen=True)
class Unreliable:
    """Rows, factors and clusters in doubt.

    rows: (rows,), True for a row that tells little; None unreliable no row. factors, clusters:
    numbers, from 0, of those that do not come back in other trainings. reason: of the rows.
    """

    rows: NDArray[np.bool_] | None = None
    factors: Collection[int] = ()
    clusters: Collection[int] = ()
    reason: str = PLACE

    def name(self, factor: int) -> str:
        """Return the name of a factor, with a star where it is in doubt."""
        return f"z{factor + 1}{'*' if factor in self.factors else ''}"

    @property
    def note(self) -> Iterator[str]:
        """Yield what the star means, if there is one."""
        if self.factors or self.clusters:
            yield "* does not come back in other trainings"
