"""The overrides that differ between the runs of a sweep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aeexp.analysis.sweep.outcome import Outcome
from aeexp.data.dataset import Floats
from aeexp.text import one_line

SEED = "seed"
"""The override that makes a repeat, not another setting."""
DEFAULT = "default"
"""How the value of what a run does not say is written: it took what was there."""

LONG = 9
"""Characters of a number above which it is shown rounded."""
LONGEST = 60
"""Characters of a word that are shown."""


@dataclass(frozen=True)
class Varied:
    """An override that is not the same in all runs.

    values: what is said, numbers ascending, words as they came; "" where nothing is said.
    """

    key: str
    values: tuple[str, ...]

    @cached_property
    def numbers(self) -> Floats | None:
        """Return the values as numbers, ascending: (values,); None if they are words."""
        numbers = [_number(value) for value in self.values]
        return np.array(numbers) if all(map(math.isfinite, numbers)) else None

    @property
    def logarithmic(self) -> bool:
        """Return whether the values are numbers of several magnitudes."""
        numbers = self.numbers
        return numbers is not None and 0 < 10 * numbers[0] <= numbers[-1] * (1 + 1e-9)

    @cached_property
    def positions(self) -> Mapping[str, float]:
        """Return where each value lies on an axis: at its number, or at 0, 1, … for words."""
        places = range(len(self.values)) if self.numbers is None else self.numbers
        return {value: float(place) for value, place in zip(self.values, places, strict=True)}


def varied(outcomes: Sequence[Outcome]) -> list[Varied]:
    """Return the overrides that are not the same in all runs, in the order they are said."""
    keys = dict.fromkeys(key for outcome in outcomes for key in outcome.said)
    told = {key: dict.fromkeys(outcome.said.get(key, "") for outcome in outcomes) for key in keys}
    return [Varied(key, _ordered(list(said))) for key, said in told.items() if len(said) > 1]


def shown(value: str) -> str:
    """Return a value as a reader sees it: long numbers with four digits, long words cut short."""
    if len(value) > LONG and math.isfinite(_number(value)):
        return f"{_number(value):.4g}"
    return one_line(value, LONGEST) or DEFAULT


def short(keys: Sequence[str]) -> Mapping[str, str]:
    """Return the last part of each key where this is no other's: lr for optimizer.lr."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: end if last.count(end) == 1 else key for key, end in zip(keys, last, strict=True)}


def _ordered(values: list[str]) -> tuple[str, ...]:
    """Return numbers by size behind the value that is not said, words as they are."""
    numbers = {value: _number(value) if value else -math.inf for value in values}
    if any(math.isnan(number) for number in numbers.values()):
        return tuple(values)
    return tuple(sorted(values, key=numbers.__getitem__))


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan
