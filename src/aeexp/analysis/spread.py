"""What are several measurements on average, and how far do they lie apart?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor, fsum, isfinite, log10, nan, sqrt

from aeexp.text import NOTHING, number


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

    def __str__(self) -> str:
        """Write the deviation with two digits, and the mean as exactly."""
        if not self.n:
            return NOTHING
        if self.n < 2:
            return f"{number(self.mean)} (n=1)"
        return f"{self._mean_and_sd()} (n={self.n})"

    def _mean_and_sd(self) -> str:
        if not self.sd > 0:
            return f"{number(self.mean)} ± 0"
        decimals = 1 - floor(log10(self.sd))
        if decimals > 6 or abs(self.mean) >= 1e6:
            return f"{self.mean:.4g} ± {self.sd:.2g}"
        places = max(decimals, 0)
        return f"{self.mean:.{places}f} ± {self.sd:.{places}f}"


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of those of `values` that are finite."""
    known = [value for value in values if isfinite(value)]
    n = len(known)
    if not n:
        return Spread(nan, nan, 0)
    mean = fsum(known) / n
    squares = fsum((value - mean) ** 2 for value in known)
    return Spread(mean, sqrt(squares / (n - 1)) if n > 1 else nan, n)
