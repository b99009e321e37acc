"""How much the classes of a label differ in a factor, with a confidence interval."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from aeexp.data import Floats, Integers

LEVEL = 0.95
"""Of the confidence intervals."""


@dataclass(frozen=True)
class Difference:
    """An effect size and its 95 % confidence interval; NaN if undefined.

    measure: "g", the difference of two means in pooled standard deviations, or "η²", the share of
    the variance between more than two classes.
    """

    measure: str
    value: float
    low: float
    high: float


def difference(z: Floats, codes: Integers, *, independent: bool = True) -> Difference:
    """Return how much classes differ in a factor.

    Two classes: g of Hedges (1981, doi:10.3102/10769986006002107), the second minus the first,
    with the interval of his large-sample variance. More: eta squared, with the interval of
    Steiger (2004, doi:10.1037/1082-989X.9.2.164) from the noncentral F distribution.
    z, codes: (rows,), without missing classes. independent: False leaves out the interval, which
    dependent rows would make too narrow.
    """
    classes, codes = np.unique(codes, return_inverse=True)
    counts, rows = np.bincount(codes), len(z)
    measure = "g" if len(classes) == 2 else "η²"
    means = np.bincount(codes, z) / np.maximum(counts, 1)
    within = np.square(z - means[codes]).sum()
    if not 2 <= len(classes) < rows or within <= 0:
        return Difference(measure, np.nan, np.nan, np.nan)
    if len(classes) == 2:
        correction = 1 - 3 / (4 * (rows - 2) - 1)
        value = float(correction * (means[1] - means[0]) / np.sqrt(within / (rows - 2)))
        half = stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(
            (1 / counts).sum() + value**2 / (2 * rows)
        )
        interval = value - half, value + half
    else:
        total = np.square(z - z.mean()).sum()
        value = float(1 - within / total)
        interval = _eta_interval(value, len(classes) - 1, rows - len(classes))
    low, high = interval if independent else (np.nan, np.nan)
    return Difference(measure, value, float(low), float(high))


def _eta_interval(value: float, between: int, within: int) -> tuple[float, float]:
    """Return the interval of eta squared. between, within: degrees of freedom."""
    f = value / between / ((1 - value) / within)
    rows = between + within + 1

    def bound(share: float) -> float:
        """Return the eta squared for which F is below the observed one with this probability."""

        def excess(noncentrality: float) -> float:
            below = stats.ncf.cdf(f, between, within, noncentrality)
            return float(np.nan_to_num(below)) - share  # NaN where it is too small to compute

        highest = 10 * f * between + 100
        if excess(1e-9) <= 0:
            return 0.0
        noncentrality = optimize.brentq(excess, 1e-9, highest)
        return noncentrality / (noncentrality + rows)

    return bound((1 + LEVEL) / 2), bound((1 - LEVEL) / 2)
