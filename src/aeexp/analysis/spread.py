"""What are several measurements on average, and how far do they lie apart?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum, isfinite, nan, sqrt


@dataclass(frozen=True)
class Spread:
    """What `n` numbers are on average, and how far they lie apart.

    mean: not a number if n is 0. sd: the standard deviation of a sample, not a number below 2.
    """

    mean: float
    sd: float
    n: int

    @property
    def document(self) -> Mapping[str, float]:
        """Return mean and deviation by name."""
        return {"mean": self.mean, "sd": self.sd}


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of those of `values` that are finite."""
    known = [value for value in values if isfinite(value)]
    n = len(known)
    if not n:
        return Spread(nan, nan, 0)
    mean = fsum(known) / n
    squares = fsum((value - mean) ** 2 for value in known)
    return Spread(mean, sqrt(squares / (n - 1)) if n > 1 else nan, n)
