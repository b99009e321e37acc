"""The overrides that differ between the runs of a sweep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aeexp.analysis.sweep.outcome import Outcome
from aeexp.config.spec import REPLICATIONS
from aeexp.data.dataset import Floats


@dataclass(frozen=True)
class Varied:
    """An override that differs between runs.

    values: numbers ascending, texts in order of occurrence; "" for runs without the override.
    """

    key: str
    values: tuple[str, ...]

    @cached_property
    def numbers(self) -> Floats | None:
        """Return the values as numbers, ascending: (values,); None if one is not a number."""
        numbers = [_number(value) for value in self.values]
        return np.array(numbers) if all(map(math.isfinite, numbers)) else None

    @property
    def is_replication(self) -> bool:
        """Return whether runs that differ in this override alone are repeats of one setting."""
        return self.key in REPLICATIONS

    @property
    def logarithmic(self) -> bool:
        """Return whether the values are positive numbers that span a factor of 10 or more."""
        numbers = self.numbers
        return numbers is not None and 0 < 10 * numbers[0] <= numbers[-1] * (1 + 1e-9)

    @cached_property
    def positions(self) -> Mapping[str, float]:
        """Return the position of each value on an axis: the number, or 0, 1, … for texts."""
        places = range(len(self.values)) if self.numbers is None else self.numbers
        return {value: float(place) for value, place in zip(self.values, places, strict=True)}


def varied(outcomes: Sequence[Outcome]) -> list[Varied]:
    """Return the overrides that differ between runs, in order of occurrence."""
    keys = dict.fromkeys(key for outcome in outcomes for key in outcome.overrides)
    values = {
        key: [*dict.fromkeys(run.overrides.get(key, "") for run in outcomes)] for key in keys
    }
    return [Varied(key, _ordered(several)) for key, several in values.items() if len(several) > 1]


def _ordered(values: list[str]) -> tuple[str, ...]:
    """Return numbers ascending, after the missing value; texts unchanged."""
    numbers = {value: _number(value) if value else -math.inf for value in values}
    if any(math.isnan(number) for number in numbers.values()):
        return tuple(values)
    return tuple(sorted(values, key=numbers.__getitem__))


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan
