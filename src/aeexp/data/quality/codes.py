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

from aeexp.data.dataset import Floats, Integers

FEWEST_ROWS = 10
"""Other numbers that a column must have."""
FEWEST_DISTINCT = 20
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
LEAST_SHARE = 0.01
"""Share of the columns that have a number which does not look like a code."""


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
        if _is_code(candidates, len(columns))
    ]
    complete = [replace(code, inside=_inside(code, columns)) for code in codes]
    return tuple(sorted(complete, key=lambda code: -code.cells))


def _is_code(candidates: list[_Candidate], columns: int) -> bool:
    """Return whether the same number in one or several columns is a code.

    columns: the number of columns in the table, some of which look so by chance.
    """
    as_code = [c.cells for c in candidates if c.looks_like_code]
    if as_code and abs(candidates[0].number) >= TWO_DIGITS:
        return max(as_code) > 1 or len(as_code) >= REPEATED
    repeated = [c for c in candidates if c.cells >= REPEATED]
    enough = max(1.0, LEAST_SHARE * columns)
    return sum(c.is_far or c.looks_like_code for c in repeated) >= enough


def _inside(code: Code, columns: Mapping[str, Any]) -> tuple[str, ...]:
    others = {name: cells for name, cells in columns.items() if name not in code.columns}
    return tuple(
        name
        for name, cells in others.items()
        if (numbers := _finite(cells)).size
        and numbers.min() < code.number < numbers.max()
        and code.number in numbers
    )


def _candidates(name: str, cells: Any) -> Iterator[_Candidate]:
    """Yield the numbers at both ends of a column that are apart from the others."""
    numbers = _finite(cells)
    if len(numbers) <= FEWEST_ROWS:
        return
    ends = {1.0: numbers.min(), -1.0: numbers.max()}
    # sorting is slow, and most columns of measurements end in a number that is not repeated
    signs = [s for s, end in ends.items() if end % 1 == 0 or np.sum(numbers == end) > 1]
    if signs:
        distinct, counts = np.unique(numbers, return_counts=True)
        for sign in signs:
            order = slice(None, None, int(sign))
            yield from _at_low_end(name, sign, sign * distinct[order], counts[order])


def _at_low_end(
    name: str, sign: float, distinct: Floats, counts: Integers
) -> Iterator[_Candidate]:
    """Yield the numbers that are apart from all larger ones, at most `MOST_CODES`.

    distinct: ascending numbers, multiplied by the sign. counts: of each.
    """
    for end in range(1, min(MOST_CODES, len(distinct) - 1) + 1):
        rest, total = distinct[end:], int(counts[end:].sum())
        if total < FEWEST_ROWS:
            return
        gap, quantile = rest[0] - distinct[end - 1], np.cumsum(counts[end:])
        tail, median = (
            rest[np.searchsorted(quantile, share * total)] - rest[0]
            for share in (max(TAIL, FEWEST_IN_TAIL / total), 0.5)
        )
        steps = np.diff(rest)
        step = np.median(steps) if len(steps) else max(1.0, abs(rest[0]))
        if gap < max(STEPS * step, FAR_FOR_CODE * tail):
            continue
        nearer = steps[: np.searchsorted(rest, rest[0] + median)]
        is_far = len(rest) >= FEWEST_DISTINCT and gap >= FAR * nearer.max(initial=0.0)
        is_far &= distinct[end - 1] == 0 or gap >= median
        codes = sign * distinct[:end] + 0.0  # without a negative zero
        looks_like_code = _looks_like_code(codes[0], sign * rest)  # as 99 does of 97, 98, 99
        for number, count in zip(codes, counts, strict=False):
            yield _Candidate(name, float(number), int(count), bool(is_far), looks_like_code)
        return


def _finite(cells: Any) -> Floats:
    """Return the finite numbers of a column, an array or a pandas series."""
    if not isinstance(cells, np.ndarray):
        cells = cells.to_numpy(np.float64, na_value=np.nan)
    return cells[np.isfinite(cells)].astype(np.float64)


def _looks_like_code(number: float, rest: Floats) -> bool:
    """Return whether people or programs write a number for a missing value.

    rest: the other numbers of its column.
    """
    is_nines = {*f"{abs(number):.15g}".replace(".", "")} == {"9"}
    is_negative = number < 0 <= rest.min() and number == round(number)
    return bool(number) and (is_nines or is_negative or abs(number) >= HUGE or number in FILLS)
