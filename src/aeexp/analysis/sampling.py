"""Random samples of rows, and means over them with standard errors."""

import numpy as np

from aeexp.data import Floats, Integers

SAMPLE = 1_000  # rows of a sample


def chosen(rows: int, most: int, sample: int | None = None) -> Integers:
    """Return the indices of all rows, or of a fixed random sample if there are more than `most`.

    Ascending. sample: size of the sample, by default `most`.
    """
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, sample or most, replace=False))


def mean(name: str, values: Floats, rows: int) -> dict[str, float]:
    """Return the mean of a metric; for a sample of `rows` also its standard error and size.

    `<name>.se` is the standard error of a sample without replacement (Cochran, 1977, equation
    2.20), `<name>.rows` the size of the sample. values: (sampled,), more than one.
    """
    average = {name: float(values.mean())}
    count = len(values)
    if count == rows:
        return average
    error = values.std(ddof=1) / np.sqrt(count) * np.sqrt(1 - count / rows)
    return average | {f"{name}.se": float(error), f"{name}.rows": float(count)}
