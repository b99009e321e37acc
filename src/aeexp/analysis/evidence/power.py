"""Power: how large must a group be to be detected?

A result "no structure" is meaningful only if structure would have been detected. So groups of
known size are planted in permuted tables (spike-in), the same model is trained on them, and R² is
tested against permuted tables without a group. The share of planted tables with p ≤ 0.05 estimates
the power of the analysis for a group of this size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from aeexp.analysis.evidence.chance import p_value
from aeexp.data import Column, Floats
from aeexp.data.features import places
from aeexp.data.imputation import centred_cells

LEVEL = 0.05  # largest p at which a group counts as detected
OFTEN = 0.8  # power from which a group counts as detectable


@dataclass(frozen=True)
class Group:
    """Planted rows. size: shift in standard deviations. share: of all rows, from 0 to 1."""

    size: float
    share: float


@dataclass(frozen=True)
class Power:
    """How often a planted group was detected.

    detected: share of the tables. low, high: its 95 % interval (Wilson, 1927,
    doi:10.1080/01621459.1927.10502953). tables: number of tables with such a group.
    """

    group: Group
    detected: float
    low: float
    high: float
    tables: int


def planted(
    x: Floats, columns: Sequence[Column], group: Group, generator: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a table with a planted group, and which rows belong to it: (rows, features), (rows,).

    A random share of the rows is shifted in a random half of the numeric columns that vary, in at
    least two of them if possible, and in all lags of these. In a `permuted` table the
    group is the only structure. Tables without such a column are returned unchanged.
    x: (rows, features). columns: of the features, as in a `Dataset`.
    """
    _, centred, counts = centred_cells(x)
    deviations = np.sqrt((centred**2).sum(axis=0) / counts)
    numeric = [place for column, place in places(columns) if not column.categories]
    varying = [place for place in numeric if deviations[place.start] > 0]
    half = min(len(varying), max(2, len(varying) // 2))
    drawn = [varying[i] for i in generator.permutation(len(varying))[:half]]
    features = np.array([i for place in drawn for i in range(place.start, place.stop)], int)
    rows = np.zeros(len(x), bool)
    rows[generator.permutation(len(x))[: round(group.share * len(x))]] = True
    x = x.copy()
    x[np.ix_(rows, features)] += (group.size * deviations[features]).astype(x.dtype)
    return x, rows


def power(numbers: Mapping[Group, Floats], null: Floats) -> list[Power]:
    """Return how often planted groups are detected, by rising size.

    A group is detected if p ≤ 0.05, which requires at least 19 null tables; with fewer the result
    is NaN. A planted table with an undefined metric counts as not detected.
    numbers: (tables,), a metric for which higher is better, by planted group. null: (copies,), the
    same metric of tables without a group.
    """
    testable = np.isfinite(null).sum() >= round(1 / LEVEL) - 1
    powers = []
    for group, values in sorted(numbers.items(), key=lambda item: item[0].size):
        tables = len(values)
        if not testable:
            powers.append(Power(group, np.nan, np.nan, np.nan, tables))
            continue
        p = np.array([p_value(value, null, more_is_better=True) for value in values])
        detected = int((p <= LEVEL).sum())
        low, high = binomtest(detected, tables).proportion_ci(method="wilson")
        powers.append(Power(group, detected / tables, float(low), float(high), tables))
    return powers


def smallest_detected(powers: Sequence[Power]) -> Power | None:
    """Return the smallest group from which on all sizes have a power of 0.8; None if none has.

    powers: by rising size.
    """
    missed = [i for i, power in enumerate(powers) if not power.detected >= OFTEN]
    first = missed[-1] + 1 if missed else 0
    return powers[first] if first < len(powers) else None
