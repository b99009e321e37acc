"""How large would a group have to be that this analysis finds?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from aeexp.analysis.evidence.chance import p_value
from aeexp.data import Column, Floats
from aeexp.data.features import places

LEVEL = 0.05  # p at which a group counts as found
OFTEN = 0.8  # probability from which a difference counts as one that would have been found


@dataclass(frozen=True)
class Group:
    """Rows that differ. size: by how many standard deviations; share: of the rows, 0 to 1."""

    size: float
    share: float


@dataclass(frozen=True)
class Power:
    """How often a planted group of a size was found.

    detected: share of the tables. low, high: its 95 % interval (Wilson, 1927,
    doi:10.1080/01621459.1927.10502953). tables: how many had such a group.
    """

    group: Group
    detected: float
    low: float
    high: float
    tables: int


def planted(
    x: Floats, columns: Sequence[Column], group: Group, generator: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a table in which some rows differ, and which do: (rows, features), (rows,).

    To a random share of the rows so many standard deviations are added in a random half of the
    columns of numbers that vary, in two at least if there are. Planted in a `permuted` table, it
    is the only structure. x: (rows, features); columns: what the features are made of, as in a
    `Dataset`. Without a column of numbers that varies the table is as it was.
    """
    deviations = _deviations(x)
    numbers = [place.start for column, place in places(columns) if not column.categories]
    varying = [feature for feature in numbers if deviations[feature] > 0]
    half = min(len(varying), max(2, len(varying) // 2))
    features = generator.permutation(varying).astype(int)[:half]
    rows = np.zeros(len(x), bool)
    rows[generator.permutation(len(x))[: round(group.share * len(x))]] = True
    x = x.copy()
    x[np.ix_(rows, features)] += (group.size * deviations[features]).astype(x.dtype)
    return x, rows


def _deviations(x: Floats) -> Floats:
    """Return the standard deviation of the known cells of each feature, 0 without any."""
    known = ~np.isnan(x)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0).sum(axis=0, dtype=np.float64) / counts
    return np.sqrt((np.where(known, x - mean, 0) ** 2).sum(axis=0) / counts)


def power(numbers: Mapping[Group, Floats], null: Floats) -> list[Power]:
    """Return how often the number of planted tables is beyond chance, by rising size.

    A group is found where p is at most 0.05, which takes 19 null tables at least: with fewer it
    is not a number. A planted table whose number is undefined has not been found.
    numbers: (tables,) by the group planted, of which more is better. null: (copies,), of the
    tables without one.
    """
    testable = np.isfinite(null).sum() >= round(1 / LEVEL) - 1
    return [
        _power(group, [p_value(n, null, more_is_better=True) for n in of_tables])
        if testable
        else Power(group, np.nan, np.nan, np.nan, len(of_tables))
        for group, of_tables in sorted(numbers.items(), key=lambda each: each[0].size)
    ]


def _power(group: Group, p: Sequence[float]) -> Power:
    found, tables = int((np.array(p) <= LEVEL).sum()), len(p)
    interval = binomtest(found, tables).proportion_ci(method="wilson")
    return Power(group, found / tables, float(interval.low), float(interval.high), tables)


def smallest_detected(powers: Sequence[Power]) -> Power | None:
    """Return the smallest size from which on at least 8 of 10 groups were found, if there is one.

    powers: by rising size.
    """
    missed = [i for i, power in enumerate(powers) if not power.detected >= OFTEN]
    first = missed[-1] + 1 if missed else 0
    return powers[first] if first < len(powers) else None
