"""How settings, runs and means of a sweep are written."""

import math
from collections.abc import Mapping, Sequence
from math import floor, log10

from aeexp.analysis.spread import Spread
from aeexp.analysis.sweep.comparison import Comparison, Setting
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.text import NOTHING, joined, number, one_line, printable

DEFAULT = "default"
"""Written for the value of an override that a run does not have."""
LONG_NUMBER = 9
"""Numbers with more characters are rounded."""
LONGEST_VALUE = 60
"""Other values with more characters are cut."""


def value_text(value: str) -> str:
    """Return the value of an override: long numbers with four digits, long texts cut."""
    if len(value) > LONG_NUMBER:
        try:
            parsed = float(value)
        except ValueError:
            parsed = math.nan
        if math.isfinite(parsed):
            return f"{parsed:.4g}"
    return one_line(value, LONGEST_VALUE) or DEFAULT


def short_keys(keys: Sequence[str]) -> Mapping[str, str]:
    """Return the last part of each key if it is unique: lr for optimizer.lr."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: end if last.count(end) == 1 else key for key, end in zip(keys, last, strict=True)}


def setting_text(setting: Setting) -> str:
    """Return the overrides of a setting, such as "model=deep, optimizer.lr=0.01"."""
    overrides = joined(f"{key}={value_text(value)}" for key, value in setting.overrides.items())
    return printable(overrides) or "the only setting"


def setting_lines(setting: Setting) -> list[str]:
    """Return the overrides of a setting as short lines for a panel of a figure."""
    names = short_keys(list(setting.overrides))
    return [f"{names[key]}={value_text(value)}" for key, value in setting.overrides.items()]


def run_text(comparison: Comparison, run: Outcome) -> str:
    """Return the overrides of a run that vary in the sweep, such as "model=deep seed=0"."""
    return " ".join(
        f"{varied.key}={value_text(run.overrides.get(varied.key, ''))}"
        for varied in comparison.varied
    )


def spread_text(spread: Spread) -> str:
    """Return mean ± standard deviation, the deviation with two digits, the mean as precise."""
    if not spread.n:
        return NOTHING
    if spread.n < 2:
        return f"{number(spread.mean)} (n=1)"
    if not spread.sd > 0:
        return f"{number(spread.mean)} ± 0 (n={spread.n})"
    decimals = 1 - floor(log10(spread.sd))
    if decimals > 6 or abs(spread.mean) >= 1e6:
        return f"{spread.mean:.4g} ± {spread.sd:.2g} (n={spread.n})"
    places = max(decimals, 0)
    return f"{spread.mean:.{places}f} ± {spread.sd:.{places}f} (n={spread.n})"
