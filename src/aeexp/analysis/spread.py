"""What are several measurements on average, and how far do they lie apart?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aeexp.data import Floats


@dataclass(frozen=True)
class Spread:
    """mean: not a number of none. sd: that of a sample, not a number of fewer than 2."""

    mean: float
    sd: float

    @property
    def document(self) -> Mapping[str, float]:
        """Return both by name."""
        return {"mean": self.mean, "sd": self.sd}


def spread(values: Sequence[float] | Floats) -> Spread:
    """Return mean and standard deviation of those of `values` that are finite."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return Spread(
        mean=float(known.mean()) if known.size else np.nan,
        sd=float(known.std(ddof=1)) if known.size > 1 else np.nan,
    )
