"""The design of a table: which of its rows depend on one another.

Rows can follow one another in time, and they can come in groups (animals, subjects, sessions).
Neighbours in time and rows of a group are similar even if no two columns are related. Splits and
null models therefore treat such rows together: blocks of time and whole groups are held out, and
`rearranged` rows keep the rhythm of each column and the differences between groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from aeexp.data.imputation import centred_cells

if TYPE_CHECKING:
    from aeexp.data.dataset import Floats, Integers

DECAYED = np.exp(-1)
"""Autocorrelation at the correlation time."""
SLOW = 0.9
"""Quantile of the correlation times of the columns that counts for the table."""
LONGEST = 4
"""A correlation time is at most this fraction of a session; longer ones cannot be estimated."""
FEWEST_GROUPS = 3
"""One to train, one to decide and one to judge."""
FEWEST_PERIODS = 4
"""Independent columns that drift in fewer periods of two correlation times are too often taken for
related ones."""
MOST_BLOCKS, BLOCK = 4, 5
"""Largest number of blocks of time for each fold, and their least length in gaps between them."""
MOST_COLUMNS, MOST_ROWS = 100, 2_000
"""Columns whose autocorrelation is computed, and successive rows that are compared with shuffled
rows."""
FEWEST_ROWS = 25
"""Fewer rows do not show an order."""
SHUFFLES, CLEAR = 99, 5.0
"""Number of shuffles, and the standard deviations of them by which the neighbours of ordered rows
are more similar."""


@dataclass(frozen=True)
class Design:
    """Which rows of a table depend on one another.

    time: (rows,), rank of each row in time, from 0; None if the order has no meaning. groups:
    (rows,), number of the group of each row, from 0; None without groups. time_name, group_name:
    of their columns. tau: correlation time in rows: the lag at which the autocorrelation of the
    columns falls to 1/e; 1 without time. reach: largest distance of two rows that have a value in
    common, by smoothing or lags. looks_ordered: autocorrelation of neighbouring rows if they are
    more similar than by chance although no order was stated, else None. has_gaps: whether rows
    between others of a session were left out.
    """

    time: Integers | None = None
    groups: Integers | None = None
    time_name: str = ""
    group_name: str = ""
    tau: int = 1
    reach: int = 0
    looks_ordered: float | None = None
    has_gaps: bool = False

    @property
    def is_exchangeable(self) -> bool:
        """Return whether all rows are treated as independent."""
        return self.time is None and self.groups is None

    @property
    def group_count(self) -> int:
        """Return the number of groups, 0 without groups."""
        return 0 if self.groups is None else int(self.groups.max()) + 1

    @property
    def has_groups(self) -> bool:
        """Return whether there are enough groups to hold out whole ones."""
        return self.group_count >= FEWEST_GROUPS

    @property
    def counts_groups(self) -> bool:
        """Return whether the independent units are groups; see `units`."""
        return self.groups is not None and (self.time is None or self.has_groups)

    @property
    def gap(self) -> int:
        """Return the number of rows that separate blocks of time."""
        return max(self.tau, self.reach)

    def take(self, rows: Integers) -> Design:
        """Return the design of some rows, evenly distributed in time. rows: ascending."""
        groups = None if self.groups is None else numbered(self.groups[rows])
        if self.time is None:
            return replace(self, groups=groups)
        time = np.argsort(np.argsort(self.time[rows]))
        tau = max(1, round(self.tau * len(rows) / len(self.time)))
        return replace(self, time=time, groups=groups, tau=tau)

    def members(self) -> list[Integers]:
        """Return the rows of each group, in input order."""
        assert self.groups is not None
        order = np.argsort(self.groups, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.groups[order])) + 1)

    def sessions(self) -> list[Integers]:
        """Return the rows of each group, or of the table, in the order of time."""
        assert self.time is not None
        sessions = [np.arange(len(self.time))] if self.groups is None else self.members()
        return [rows[np.argsort(self.time[rows], kind="stable")] for rows in sessions]

    def units(self, rows: int) -> Integers:
        """Return the number of the independent unit of each row: (rows,).

        Units are groups, if there are three or more; else blocks of two correlation times, or
        single rows. The mean of n rows of an autoregressive process is about as precise as that of
        n / (2 tau) independent rows (Bayley and Hammersley, 1946, doi:10.2307/2983560).
        """
        if self.groups is not None and self.counts_groups:
            return self.groups
        return np.arange(rows) if self.time is None else self.time // (2 * self.tau)

    def unit_count(self, rows: int) -> int:
        """Return the number of independent units among all rows."""
        return len(np.unique(self.units(rows)))

    @property
    def is_too_short(self) -> bool:
        """Return whether too few correlation times distinguish structure from drift."""
        if self.time is None:
            return False
        return len(self.time) < FEWEST_PERIODS * 2 * self.tau

    @property
    def supports_claims(self) -> bool:
        """Return whether the dependence of rows is known, so that null models can reproduce it."""
        return self.looks_ordered is None and not self.is_too_short

    def blocks(self, folds: int) -> Integers:
        """Return the number of the block of time of each row: (rows,).

        The blocks of a session have equal lengths. There are up to four blocks for each fold, of
        five times the gap or more if there are enough rows.
        """
        sessions = self.sessions()
        rows, number = sum(map(len, sessions)), 0
        wanted = min(max(rows // (BLOCK * self.gap), folds), MOST_BLOCKS * folds)
        blocks = np.empty(rows, int)
        for session in sessions:
            count = max(1, round(wanted * len(session) / rows))
            blocks[session] = number + np.arange(len(session)) * count // len(session)
            number += count
        return blocks

    def near(self, rows: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
        """Return which rows are at most `gap` rows before or after given ones in their session."""
        if self.time is None:
            return rows
        near = np.zeros_like(rows)
        for session in self.sessions():
            near[session] = maximum_filter1d(rows[session], 2 * gap + 1, mode="constant")
        return near

    def rearranged(self, rows: int, generator: np.random.Generator) -> Integers:
        """Return row numbers, rearranged so that a column is related to no other: (rows,).

        Without a design all rows are shuffled. With groups, each group gets the rows of a random
        group, which keeps the differences between groups; if groups differ in size, rows are left
        out or repeated. Within a group, rows are shuffled; in time, they are shifted circularly by
        a random lag of at least `tau`, which keeps the autocorrelation of the column.
        """
        if self.is_exchangeable:
            return generator.permutation(rows)
        groups = self.members() if self.time is None else self.sessions()
        order = np.empty(rows, int)
        for place, number in zip(groups, generator.permutation(len(groups)), strict=True):
            source = groups[number]
            if self.time is None:
                drawn = generator.permutation(source)
            else:
                least = min(self.tau, len(source) // 2)
                drawn = np.roll(source, generator.integers(least, len(source) - least + 1))
            order[place] = np.resize(drawn, len(place))
        return order

    def resamples(self, rows: Integers, generator: np.random.Generator) -> Iterator[Integers]:
        """Yield bootstrap samples of rows without end: whole units, drawn with replacement."""
        if self.is_exchangeable:
            while True:
                yield generator.choice(rows, len(rows))
        units = self.take(rows).units(len(rows))
        members = [rows[units == unit] for unit in np.unique(units)]
        while True:
            drawn: list[Integers] = []
            while sum(map(len, drawn)) < len(rows):
                drawn.append(members[generator.integers(len(members))])
            yield np.concatenate(drawn)[: len(rows)]


EXCHANGEABLE = Design()
"""The design of rows that are independent of one another."""


def numbered(values: NDArray[Any]) -> Integers:
    """Return the number of each value among the distinct values: (rows,), from 0."""
    _, numbers = np.unique(values, return_inverse=True)
    return np.asarray(numbers)


def design_of(x: Floats, time: Any = None, groups: Any = None) -> Design:
    """Return the design of rows. x: (rows, features). time, groups: (rows,) each, or None."""
    design = Design(
        time=None if time is None else np.argsort(np.argsort(time, kind="stable")),
        groups=None if groups is None else numbered(np.asarray(groups)),
        time_name="" if time is None else "time",
        group_name="" if groups is None else "groups",
    )
    return design if time is None else in_time(design, x)


def in_time(design: Design, x: Floats) -> Design:
    """Return a design with the correlation time of its columns. x: (rows, features)."""
    return replace(design, tau=correlation_time(x, design.sessions()))


def correlation_time(x: Floats, sessions: Sequence[Integers]) -> int:
    """Return the lag in rows at which the autocorrelation falls to 1/e, at least 1.

    The 90 % quantile over columns, at most 100 of them, and at most a quarter of the longest
    session. Means are those of the sessions. x: (rows, features); missing cells count as the mean.
    sessions: rows in the order of time.
    """
    x = _some_columns(x)
    longest = max(map(len, sessions))
    most = max(1, longest // LONGEST)
    products = np.zeros((most + 1, x.shape[1]))
    for rows in sessions:
        _, centred, _ = centred_cells(x[rows])
        size = 2 ** ceil(np.log2(2 * len(rows)))
        spectrum = np.abs(np.fft.rfft(centred, size, axis=0)) ** 2
        lags = np.fft.irfft(spectrum, size, axis=0)[: min(most + 1, len(rows))]
        products[: len(lags)] += lags
    varying = products[:, products[0] > 0]
    if not varying.size:
        return 1
    fallen = varying < DECAYED * varying[0]
    lags = np.where(fallen.any(axis=0), fallen.argmax(axis=0), most)
    return max(1, int(np.quantile(lags, SLOW, method="nearest")))


def order_of(x: Floats, groups: Integers | None) -> float | None:
    """Return the autocorrelation of neighbouring rows if it is beyond chance, else None.

    The mean over at most 100 columns, after the means of groups were subtracted. The first 2,000
    rows are compared with 99 shuffles of them. x: (rows, features). groups: (rows,), number of the
    group of each row, such as its class.
    """
    x = _some_columns(x[:MOST_ROWS]).astype(np.float64)
    codes = np.zeros(len(x), int) if groups is None else groups[:MOST_ROWS]
    centred = np.empty_like(x)
    for code in np.unique(codes):
        _, centred[codes == code], _ = centred_cells(x[codes == code])
    deviations = np.sqrt(np.square(centred).mean(axis=0))
    z = centred[:, deviations > 0] / deviations[deviations > 0]
    if len(z) < FEWEST_ROWS or not z.size:
        return None
    generator = np.random.default_rng(0)
    shuffled = [_neighbours(z[generator.permutation(len(z))]) for _ in range(SHUFFLES)]
    observed = _neighbours(z)
    is_clear = observed - np.mean(shuffled) > CLEAR * np.std(shuffled)
    return observed if is_clear else None


def sums(values: Floats, units: Integers) -> Floats:
    """Return the sum of values over each unit: (units,). values, units: (rows,)."""
    return np.bincount(numbered(units), values).astype(np.float64)


def error_of_sum(values: Floats, units: Integers) -> float:
    """Return the standard error of a sum of values over random units; NaN for fewer than 2.

    Units are a cluster sample (Cochran, 1977, equation 9A.2), and may differ in size.
    values, units: (rows,).
    """
    if not len(values):
        return np.nan
    of_units = sums(values - values.mean(), units)
    count = len(of_units)
    return float(np.sqrt(np.square(of_units).sum() * count / (count - 1))) if count > 1 else np.nan


def _some_columns(x: Floats) -> Floats:
    """Return at most 100 columns, evenly spaced, with values of at most 1."""
    count = x.shape[1]
    x = x[:, np.unique(np.linspace(0, count - 1, min(count, MOST_COLUMNS)).astype(int))]
    largest = np.fmax.reduce(np.abs(x), axis=0, initial=0.0)
    return x / np.where(largest > 0, largest, 1)


def _neighbours(z: Floats) -> float:
    return float((z[1:] * z[:-1]).mean())
