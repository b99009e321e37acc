"""What a sweep shows about its parameters: main effects with intervals, and interactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite, nan, sqrt

import numpy as np
from scipy import stats

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.config.spec import REPLICATIONS
from aeexp.data.dataset import Floats

Parts = Mapping[str, tuple[list[str], Floats]]
"""The values of each parameter, and indicators of all but the first: (runs, values - 1)."""
LEVEL = 0.05
MOST_VALUES = 2**21
"""Largest number of values in a table of indicators; larger sweeps have no effects."""


@dataclass(frozen=True)
class Effect:
    """By how much a metric is better with the best value of a parameter than with the worst.

    Means are over the other parameters, in a linear model without interactions. low, high: 95 %
    interval for the largest of all differences between its values (Tukey, 1949,
    doi:10.2307/3001913); NaN if the runs are too few.
    """

    key: str
    best: str
    worst: str
    difference: float
    low: float = nan
    high: float = nan


@dataclass(frozen=True)
class Interaction:
    """Parameters whose effects depend on each other. p: of an F-test, adjusted (Holm, 1979)."""

    one: str
    other: str
    p: float


@dataclass(frozen=True)
class Effects:
    """effects: the largest first. interactions: those with p at most 0.05."""

    effects: Sequence[Effect]
    interactions: Sequence[Interaction]


def effects(comparison: Comparison) -> Effects:
    """Estimate the effects of the parameters whose values occur in two or more runs each."""
    metric = comparison.headline or ""
    runs = [run for setting in comparison.ranked for run in setting.completed]
    runs = [run for run in runs if isfinite(run.metrics.get(metric, nan))]
    keys = [axis.key for axis in comparison.axes if 2 * len(axis.values) <= len(runs)]
    values = {key: [run.overrides.get(key, "") for run in runs] for key in keys}
    of_seeds = [_seeds(run) for run in runs]
    columns = 1 + sum(len({*several}) - 1 for several in (*values.values(), of_seeds))
    if not keys or columns * len(runs) > MOST_VALUES or columns >= len(runs):
        return Effects([], [])
    parts = {key: _indicators(several) for key, several in values.items()}
    seeds = _indicators(of_seeds)[1]
    y = comparison.sign * np.array([run.metrics[metric] for run in runs])
    settings = [
        repr([run.overrides.get(axis.key, "") for axis in comparison.axes]) for run in runs
    ]
    noise = _noise(y, seeds, parts, settings)
    estimated = [_effect(y, seeds, parts, key, noise) for key in keys]
    estimated.sort(key=lambda effect: -effect.difference)
    return Effects(estimated, _interactions(y, seeds, parts))


def _seeds(run: Outcome) -> str:
    return repr([run.overrides.get(key, "") for key in REPLICATIONS])


def _indicators(values: Sequence[str]) -> tuple[list[str], Floats]:
    """Return the distinct values, and a column for each but the first: (runs, values - 1)."""
    names = [*dict.fromkeys(values)]
    place = {name: i for i, name in enumerate(names)}
    codes = np.array([place[value] for value in values])
    return names, (codes[:, None] == np.arange(1, len(names))).astype(float)


def _design(seeds: Floats, parts: Sequence[Floats]) -> Floats:
    return np.hstack([np.ones((len(seeds), 1)), *parts, seeds])


def _effect(y: Floats, seeds: Floats, parts: Parts, key: str, noise: tuple[float, int]) -> Effect:
    names, own = parts[key]
    x = _design(seeds, [own, *(part for name, (_, part) in parts.items() if name != key)])
    inverse = np.linalg.pinv(x.T @ x)
    coefficients = inverse @ x.T @ y
    levels = np.append(0, coefficients[1 : len(names)])
    best, worst = int(levels.argmin()), int(levels.argmax())
    difference = float(levels[worst] - levels[best])
    found = Effect(key, names[best], names[worst], difference)
    residual, free = noise
    if free < 1 or best == worst:
        return found
    contrast = np.zeros(x.shape[1])
    for level, weight in ((best, -1.0), (worst, 1.0)):
        if level:
            contrast[level] = weight
    variance = float(contrast @ inverse @ contrast) * residual / free
    width = float(stats.studentized_range.ppf(1 - LEVEL, len(names), free)) / sqrt(2)
    half = width * sqrt(max(variance, 0))
    return Effect(key, names[best], names[worst], difference, difference - half, difference + half)


def _noise(y: Floats, seeds: Floats, parts: Parts, settings: Sequence[str]) -> tuple[float, int]:
    """Return the sum of squares and the degrees of freedom of the noise.

    It is the difference between repeats of a setting. Without repeats, interactions are noise.
    """
    if len({*settings}) * len(y) <= MOST_VALUES:
        residual, free = _residual(y, _design(seeds, [_indicators(settings)[1]]))
        if free > 0:
            return residual, free
    return _residual(y, _design(seeds, [part for _, part in parts.values()]))


def _residual(y: Floats, x: Floats) -> tuple[float, int]:
    """Return the sum of squared residuals of a linear model, and its degrees of freedom."""
    fitted, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    return float(((y - x @ fitted) ** 2).sum()), len(y) - int(rank)


def _interactions(y: Floats, seeds: Floats, parts: Parts) -> list[Interaction]:
    """Return the pairs of parameters that interact, by an F-test of their products."""
    x = _design(seeds, [part for _, part in parts.values()])
    without, free = _residual(y, x)
    negligible = 1e-12 * float(((y - y.mean()) ** 2).sum())
    tests = []
    for one, other in combinations(parts, 2):
        product = parts[one][1][:, :, None] * parts[other][1][:, None, :]
        columns = product.reshape(len(y), -1)
        if (x.shape[1] + columns.shape[1]) * len(y) > MOST_VALUES:
            continue
        residual, left = _residual(y, np.hstack([x, columns]))
        if left < 1 or left == free:
            continue
        if without - residual <= negligible:
            tests.append(Interaction(one, other, 1.0))
            continue
        explained = (without - residual) / (free - left)
        f = explained / max(residual / left, negligible / len(y))
        tests.append(Interaction(one, other, float(stats.f.sf(f, free - left, left))))
    return [test for test in _holm(tests) if test.p <= LEVEL]


def _holm(tests: Sequence[Interaction]) -> list[Interaction]:
    ordered, adjusted, least = sorted(tests, key=lambda test: test.p), [], 0.0
    for place, test in enumerate(ordered):
        least = max(least, min(1.0, test.p * (len(ordered) - place)))
        adjusted.append(Interaction(test.one, test.other, least))
    return adjusted
