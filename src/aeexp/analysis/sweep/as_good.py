"""The settings that are as good as the best one, within one standard error."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isfinite, nan, sqrt

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.comparison import Comparison, Setting
from aeexp.config.spec import REPLICATIONS


@dataclass(frozen=True)
class AsGood:
    """Settings within one standard error of the best (Breiman et al., 1984, section 3.4.3).

    settings: the best one first. unknown: number of settings whose difference has no standard
    error, because one of the two has a single run without repeats.
    """

    settings: Sequence[Setting]
    unknown: int


def as_good(comparison: Comparison) -> AsGood:
    """Compare all settings with the best one, by the seeds that both have where they have two."""
    best, *others = comparison.ranked
    differences = [(setting, _difference(comparison, best, setting)) for setting in others]
    good = [setting for setting, (mean, error) in differences if mean <= error]
    unknown = sum(not isfinite(error) for _, (_, error) in differences)
    return AsGood([best, *good], unknown)


def _difference(comparison: Comparison, best: Setting, other: Setting) -> tuple[float, float]:
    """Return by how much a setting is worse than the best, and the standard error; NaN if unknown.

    Seeds make two settings better or worse together, so differences of the same seeds vary less.
    """
    metric = comparison.headline or ""
    one, two = (_by_seed(setting, metric) for setting in (best, other))
    pairs = [comparison.sign * (two[seeds] - one[seeds]) for seeds in one if seeds in two]
    if len(pairs) > 1:
        paired = spread(pairs)
        return paired.mean, paired.sd / sqrt(paired.n)
    first, second = best.spread(metric), other.spread(metric)
    error = hypot(_error(first), _error(second))
    return comparison.sign * (second.mean - first.mean), error


def _by_seed(setting: Setting, metric: str) -> dict[tuple[str, ...], float]:
    values = {
        tuple(run.overrides.get(key, "") for key in REPLICATIONS): run.metrics.get(metric, nan)
        for run in setting.completed
    }
    return {seeds: value for seeds, value in values.items() if isfinite(value)}


def _error(of: Spread) -> float:
    return of.sd / sqrt(of.n) if of.n > 1 else nan
