"""Means over all rows, or over a random sample of them with what that leaves uncertain."""

import numpy as np

from aeexp.data import Floats, Integers

SAMPLE = 1_000  # rows that stand for all where these are too many


def chosen(rows: int, most: int, sample: int | None = None) -> Integers:
    """Return all row numbers up to `most`, else a fixed random sample of them, rising.

    sample: how many there are in it, `most` if None.
    """
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, sample or most, replace=False))


def mean(name: str, values: Floats, rows: int) -> dict[str, float]:
    """Return the mean of a measure's values; if sampled from `rows`, its standard error, too.

    `<name>.se` is that of a sample without replacement (Cochran, 1977, equation 2.20), and
    `<name>.rows` the rows it is over. values: (sampled,), more than one.
    """
    average = {name: float(values.mean())}
    count = len(values)
    if count == rows:
        return average
    error = values.std(ddof=1) / np.sqrt(count) * np.sqrt(1 - count / rows)
    return average | {f"{name}.se": float(error), f"{name}.rows": float(count)}
