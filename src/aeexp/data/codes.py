"""Numbers in a table that probably mean "missing" or "not detected", such as -200, 99 or 1e30.

Such a number is repeated and apart from the other numbers of its column: below or above all of
them, with a gap that their own spread does not explain. A number that people use as a code
(999, -9, a negative number among positive ones, the fill value of a file format) needs less
evidence than another. How often this is wrong is measured in `benchmarks/codes.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aeexp.data.dataset import Floats

FEWEST_ROWS = 10
"""Other numbers that a column must have."""
FEWEST_DISTINCT = 10
"""Different other numbers that a column must have, unless the number looks like a code."""
REPEATED = 3
"""Cells of a number in a column. Of one that looks like a code, two, or one in three columns."""
STEPS = 3.0
"""The gap to the next number, in median steps between the other numbers of the column."""
FAR_FOR_CODE = 1.0
"""The same gap, in distances of the next number from the tail of the other numbers."""
FAR = 6.0
"""The same gap, in largest gaps between the other numbers in the nearer half of the column, if the
number does not look like a code. If it is not 0, the gap is also at least as long as this half."""
TAIL = 0.1
"""Quantile of the other numbers at the end of a column where its tail begins."""
FEWEST_IN_TAIL = 5
"""Numbers in the tail of a short column."""
TWO_DIGITS = 10.0
"""Smaller codes, such as 9, must be repeated within a column: counts reach them by chance."""
MOST_CODES = 3
"""Codes at the same end of a column, such as 97, 98 and 99."""
HUGE = 1e20
FILLS = {float(-(2**k)) for k in (15, 31, 63)} | {float(2**k - 1) for k in (15, 16, 31, 32, 63)}
"""The limits of integer types, which programs write for a missing value."""
SAMPLED = 20_000
"""Numbers of a column from which the step between them is estimated."""


@dataclass(frozen=True)
class Code:
    """A number that probably means "missing", or 0 for "not detected".

    columns: where it is apart from the others, with the number of its cells. inside: columns with
    the same number within the range of the others, where it is probably a measurement.
    """

    number: float
    columns: Mapping[str, int]
    inside: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the number as dataset.na takes it."""
        return f"{self.number:.15g}"

    @property
    def cells(self) -> int:
        """Return the number of cells in the columns where it is apart."""
        return sum(self.columns.values())

    @property
    def is_missing(self) -> bool:
        """Return whether it means a missing value and no measurement: 0 may be either."""
        return self.number != 0 and not self.inside


@dataclass(frozen=True)
class _Candidate:
    """A number at an end of a column. is_far: without regard to what the number is."""

    column: str
    number: float
    cells: int
    is_far: bool
    looks_like_code: bool


def find_codes(columns: Mapping[str, Any]) -> tuple[Code, ...]:
    """Return the numbers that probably mean "missing", the most frequent first.

    columns: (rows,) arrays or series of numbers by name.
    """
    by_number: dict[float, list[_Candidate]] = defaultdict(list)
    for name, cells in columns.items():
        for candidate in _candidates(name, cells):
            by_number[candidate.number].append(candidate)
    codes = [
        Code(number, {c.column: c.cells for c in candidates})
        for number, candidates in by_number.items()
        if _is_code(candidates)
    ]
    complete = [replace(code, inside=_inside(code, columns)) for code in codes]
    return tuple(sorted(complete, key=lambda code: -code.cells))


def _is_code(candidates: list[_Candidate]) -> bool:
    """Return whether the same number in one or several columns is a code."""
    as_code = [c.cells for c in candidates if c.looks_like_code]
    if as_code and abs(candidates[0].number) >= TWO_DIGITS:
        return max(as_code) > 1 or len(as_code) >= REPEATED
    return any(c.cells >= REPEATED and (c.is_far or c.looks_like_code) for c in candidates)


def _inside(code: Code, columns: Mapping[str, Any]) -> tuple[str, ...]:
    others = {name: cells for name, cells in columns.items() if name not in code.columns}
    return tuple(
        name
        for name, cells in others.items()
        if (numbers := _finite(cells)).size
        and numbers.min() < code.number < numbers.max()
        and code.number in numbers
    )


def _candidates(name: str, cells: Floats) -> Iterator[_Candidate]:
    """Yield the numbers at both ends of a column that are apart from the others."""
    numbers = _finite(cells)
    for sign in (1.0, -1.0):
        rest = sign * numbers
        ends: list[tuple[float, int]] = []
        while len(ends) < MOST_CODES and len(rest) > FEWEST_ROWS:
            low, cells_before = rest.min(), len(rest)
            rest = rest[rest > low]
            ends.append((low, cells_before - len(rest)))
            if len(rest) < FEWEST_ROWS:
                break
            gap = rest.min() - low
            if gap < _near(rest):
                continue
            is_far = gap >= FAR * _largest_gap(rest)
            is_far &= low == 0 or gap >= np.median(rest) - rest.min()
            is_code = any(_looks_like_code(sign * number, sign * rest) for number, _ in ends)
            for number, count in ends:
                yield _Candidate(name, sign * number, count, is_far, is_code)
            break


def _finite(cells: Any) -> Floats:
    """Return the finite numbers of a column, an array or a pandas series."""
    if not isinstance(cells, np.ndarray):
        cells = cells.to_numpy(np.float64, na_value=np.nan)
    return cells[np.isfinite(cells)].astype(np.float64)


def _near(rest: Floats) -> float:
    """Return the gap below numbers from which another number is apart from them."""
    nearest, tail = rest.min(), np.quantile(rest, max(TAIL, FEWEST_IN_TAIL / len(rest)))
    distinct = np.unique(rest[:SAMPLED])
    step = np.median(np.diff(distinct)) if len(distinct) > 1 else max(1.0, abs(nearest))
    return float(max(STEPS * step, FAR_FOR_CODE * (tail - nearest)))


def _largest_gap(rest: Floats) -> float:
    """Return the largest gap in the lower half of numbers; infinite if they are too few."""
    distinct = np.unique(rest[:SAMPLED])
    if len(distinct) < FEWEST_DISTINCT:
        return np.inf
    lower = distinct[distinct <= np.median(rest)]
    return float(np.diff(lower).max(initial=0.0)) or np.inf


def _looks_like_code(number: float, rest: Floats) -> bool:
    """Return whether people or programs write a number for a missing value.

    rest: the other numbers of its column.
    """
    is_nines = {*f"{abs(number):.15g}".replace(".", "")} == {"9"}
    is_negative = number < 0 <= rest.min() and number == round(number)
    return bool(number) and (is_nines or is_negative or abs(number) >= HUGE or number in FILLS)
