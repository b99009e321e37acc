"""The runs of a sweep beside each other: what varied, and what it came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import inf, isfinite, isnan, nan

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.outcome import RECOMMENDED, Outcome
from aeexp.analysis.sweep.redefined import is_redefined, redefined
from aeexp.analysis.sweep.varied import SEED, Varied, short, shown, varied
from aeexp.config.metrics import Better, better
from aeexp.runs import Status
from aeexp.text import joined, printable

HEADLINES = (
    *("val_loss", "reconstruction.val.mse", "reconstruction.val.r2"),
    *("loss", "reconstruction.train.mse", "reconstruction.train.r2"),
)
"""The metrics by which runs may be ranked, the preferred one first."""
STATUSES = tuple(status.value for status in Status)


@dataclass(frozen=True)
class Setting:
    """The runs that differ in nothing but their seed.

    said: the value of each override that varied, "" where nothing is said.
    """

    said: Mapping[str, str]
    outcomes: Sequence[Outcome]

    @cached_property
    def completed(self) -> list[Outcome]:
        """Return the runs whose numbers count."""
        return [outcome for outcome in self.outcomes if outcome.completed]

    def spread(self, metric: str) -> Spread:
        """Return mean and deviation of a metric over the completed runs."""
        return spread(outcome.metrics.get(metric, nan) for outcome in self.completed)

    def __str__(self) -> str:
        """Write what is said, such as "model=deep, optimizer.lr=0.01"."""
        words = joined(f"{key}={shown(value)}" for key, value in self.said.items())
        return printable(words) or "the only setting"

    def lines(self) -> list[str]:
        """Return what is said as short lines for a panel of a figure."""
        names = short(list(self.said))
        return [f"{names[key]}={shown(value)}" for key, value in self.said.items()]


@dataclass(frozen=True)
class Comparison:
    """All runs of one or several sweeps."""

    outcomes: Sequence[Outcome]

    @cached_property
    def varied(self) -> list[Varied]:
        """Return the overrides that are not the same in all runs."""
        return varied(self.outcomes)

    @cached_property
    def axes(self) -> list[Varied]:
        """Return the overrides that make settings: all that varied but the seed."""
        return [each for each in self.varied if each.key != SEED]

    @cached_property
    def settings(self) -> list[Setting]:
        """Return the runs by setting, as they came."""
        groups: dict[tuple[str, ...], list[Outcome]] = {}
        keys = [each.key for each in self.axes]
        for outcome in self.outcomes:
            values = tuple(outcome.said.get(key, "") for key in keys)
            groups.setdefault(values, []).append(outcome)
        return [
            Setting(dict(zip(keys, values, strict=True)), runs) for values, runs in groups.items()
        ]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Return how many runs have each status that occurs."""
        counts = Counter(outcome.status for outcome in self.outcomes)
        return {status: counts[status] for status in STATUSES if counts[status]}

    @cached_property
    def completed(self) -> list[Outcome]:
        """Return the runs whose numbers count."""
        return [outcome for outcome in self.outcomes if outcome.completed]

    @cached_property
    def metrics(self) -> list[str]:
        """Return the names of all metrics, as they came."""
        return list(dict.fromkeys(name for outcome in self.outcomes for name in outcome.metrics))

    def known(self, metric: str) -> bool:
        """Return whether some completed run has a number for a metric."""
        return any(isfinite(outcome.metrics.get(metric, nan)) for outcome in self.completed)

    @cached_property
    def headline(self) -> str | None:
        """Return the metric that runs are ranked by; None if no completed run has one.

        The first that measures the same in all of them.
        """
        return next(filter(self.comparable, HEADLINES), None)

    @cached_property
    def redefined(self) -> Mapping[str, frozenset[str]]:
        """Return patterns of the metrics that overrides redefine, by the override's key."""
        by = {each.key: redefined(each.key, each.values) for each in self.axes}
        return {key: patterns for key, patterns in by.items() if patterns}

    def comparable(self, metric: str) -> bool:
        """Return whether a metric is known, and measures the same in all runs."""
        return self.known(metric) and not is_redefined(
            metric, frozenset().union(*self.redefined.values())
        )

    @property
    def sign(self) -> int:
        """Return 1 where less of the headline is better, -1 where more is."""
        return -1 if better(self.headline or "") is Better.higher else 1

    @cached_property
    def headlines(self) -> list[str]:
        """Return the metrics that are told first: loss, reconstruction, agreement with classes."""
        error = ("reconstruction.val.mse", "reconstruction.train.mse")
        chosen = [self.headline, next(filter(self.comparable, error), None)]
        agreement = (name for name in self.metrics if _is_agreement(name) and self.known(name))
        return [*dict.fromkeys(name for name in (*chosen, *agreement) if name)]

    @cached_property
    def answered(self) -> list[Outcome]:
        """Return the completed runs that recommend how many, or a learning rate, or do not."""
        return [run for run in self.completed if run.answers]

    @cached_property
    def recommended(self) -> list[str]:
        """Return the metrics that some run recommends."""
        return [*filter(self.known, chain.from_iterable(RECOMMENDED.values()))]

    @cached_property
    def ranked(self) -> list[Setting]:
        """Return the settings from best to worst by the headline's mean, others left out."""
        means = {id(each): self.mean(each) for each in self.settings}
        known = [each for each in self.settings if not isnan(means[id(each)])]
        return sorted(known, key=lambda each: self.sign * means[id(each)])

    def mean(self, setting: Setting) -> float:
        """Return the headline's mean in a setting; not a number if there is none."""
        return setting.spread(self.headline).mean if self.headline else nan

    @cached_property
    def best(self) -> list[Outcome]:
        """Return the completed runs from best to worst by the headline, others left out."""
        name = self.headline or ""
        known = [run for run in self.completed if isfinite(run.metrics.get(name, nan))]
        return sorted(known, key=lambda run: self.sign * run.metrics.get(name, inf))

    @cached_property
    def agreement(self) -> str | None:
        """Return the clustering index ari that is highest on average, if there is one."""
        names = [name for name in self.headlines if _is_agreement(name)]
        return max(names, key=self.average, default=None)

    def average(self, metric: str) -> float:
        """Return the mean of a metric over all completed runs."""
        return spread(run.metrics.get(metric, nan) for run in self.completed).mean


def _is_agreement(name: str) -> bool:
    return name.startswith("clustering.") and name.endswith(".ari")
