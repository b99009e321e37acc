"""What is drawn pale or marked, as it is not to be relied on."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Doubts:
    """Rows, factors and clusters in doubt.

    rows: (rows,), True for a row whose place tells little; None doubts no row. factors, clusters:
    numbers, from 0, of those that do not come back in other trainings.
    """

    rows: NDArray[np.bool_] | None = None
    factors: Collection[int] = ()
    clusters: Collection[int] = ()

    def name(self, factor: int) -> str:
        """Return the name of a factor, with a star where it is in doubt."""
        return f"z{factor + 1}{'*' if factor in self.factors else ''}"

    @property
    def note(self) -> Iterator[str]:
        """Yield what the star means, if there is one."""
        if self.factors or self.clusters:
            yield "* does not come back in other trainings"
