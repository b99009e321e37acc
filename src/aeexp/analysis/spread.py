"""Mean and standard deviation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum, isfinite, nan, sqrt


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of `n` numbers.

    mean: NaN if n is 0. sd: of a sample (n - 1), NaN if n is below 2.
    """

    mean: float
    sd: float
    n: int

    @property
    def document(self) -> Mapping[str, float]:
        """Return mean and deviation by name."""
        return {"mean": self.mean, "sd": self.sd}


def spread(values: Iterable[float]) -> Spread:
    """Return mean and standard deviation of the finite `values`."""
    finite = [value for value in values if isfinite(value)]
    n = len(finite)
    if not n:
        return Spread(nan, nan, 0)
    mean = fsum(finite) / n
    squares = fsum((value - mean) ** 2 for value in finite)
    return Spread(mean, sqrt(squares / (n - 1)) if n > 1 else nan, n)
