"""Comparison of the runs of a sweep: overrides that vary, metrics, best runs and settings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import inf, isfinite, isnan, nan

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.outcome import RECOMMENDED, Outcome
from aeexp.analysis.sweep.redefined import is_redefined, redefined
from aeexp.analysis.sweep.varied import Varied, varied
from aeexp.config.metrics import Better, better
from aeexp.runs import Status

HEADLINES = (
    *("val_loss", "reconstruction.val.mse", "reconstruction.val.r2"),
    *("loss", "reconstruction.train.mse", "reconstruction.train.r2"),
    "neighbourhoods.trustworthiness",
)
"""Metrics by which runs can be ranked, in order of preference. The last compares tables, too."""
BASELINES = {
    f"reconstruction.{part}.mse": f"baseline.pca.{part}.mse" for part in ("train", "val", "test")
}
"""The error of PCA with as many factors, by the metric that it is compared with."""
STATUSES = tuple(status.value for status in Status)


@dataclass(frozen=True)
class Setting:
    """The runs that are repeats of each other: they differ in `REPLICATIONS` alone.

    overrides: the values of the overrides that vary in the sweep, "" for a missing override.
    """

    overrides: Mapping[str, str]
    outcomes: Sequence[Outcome]

    @cached_property
    def completed(self) -> list[Outcome]:
        """Return the completed runs. The same experiment is no repeat of itself: one counts."""
        completed = [outcome for outcome in self.outcomes if outcome.completed]
        different = {(*sorted(run.overrides.items()), run.data): run for run in completed[::-1]}
        return [*different.values()][::-1]

    def spread(self, metric: str) -> Spread:
        """Return mean and standard deviation of a metric over the completed runs.

        Of a single run, over its repeats, where it has some.
        """
        if len(self.completed) == 1:
            name, metrics = metric.removesuffix(".mean"), self.completed[0].metrics
            mean, sd, n = (metrics.get(f"{name}.{part}", nan) for part in ("mean", "sd", "n"))
            if n > 1:
                return Spread(mean, sd, int(n))
        return spread(outcome.metrics.get(metric, nan) for outcome in self.completed)


@dataclass(frozen=True)
class Comparison:
    """All runs of one or several sweeps.

    objective: the metric by which they are ranked, if they can be; None for no preference.
    maximised: whether more of it is better; None for the direction of the metric.
    """

    outcomes: Sequence[Outcome]
    objective: str | None = None
    maximised: bool | None = None

    @cached_property
    def varied(self) -> list[Varied]:
        """Return the overrides that differ between runs."""
        return varied(self.outcomes)

    @cached_property
    def axes(self) -> list[Varied]:
        """Return the overrides that define settings: all that vary except seeds."""
        return [varied for varied in self.varied if not varied.is_replication]

    @cached_property
    def settings(self) -> list[Setting]:
        """Return the runs grouped by setting, in order of occurrence."""
        groups: dict[tuple[str, ...], list[Outcome]] = {}
        keys = [axis.key for axis in self.axes]
        for outcome in self.outcomes:
            values = tuple(outcome.overrides.get(key, "") for key in keys)
            groups.setdefault(values, []).append(outcome)
        return [
            Setting(dict(zip(keys, values, strict=True)), runs) for values, runs in groups.items()
        ]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Return the number of runs by status, without statuses that no run has."""
        counts = Counter(outcome.status for outcome in self.outcomes)
        return {status: counts[status] for status in STATUSES if counts[status]}

    @cached_property
    def completed(self) -> list[Outcome]:
        """Return the completed runs."""
        return [outcome for outcome in self.outcomes if outcome.completed]

    @cached_property
    def metrics(self) -> list[str]:
        """Return the names of all metrics, in order of occurrence."""
        return list(dict.fromkeys(name for outcome in self.outcomes for name in outcome.metrics))

    def has_metric(self, metric: str) -> bool:
        """Return whether a metric is finite in at least one completed run."""
        return any(isfinite(outcome.metrics.get(metric, nan)) for outcome in self.completed)

    @cached_property
    def headline(self) -> str | None:
        """Return the metric by which runs are ranked: the first comparable one of `preferences`.

        None if there is none.
        """
        return next(filter(self.comparable, self.preferences), None)

    @property
    def preferences(self) -> list[str]:
        """Return metrics by which runs can be ranked, in order of preference."""
        return [*dict.fromkeys([*filter(None, [self.objective]), *HEADLINES])]

    @cached_property
    def redefined(self) -> Mapping[str, frozenset[str]]:
        """Return patterns of the metrics that an override redefines, by its key."""
        by = {axis.key: redefined(axis.key, axis.values) for axis in self.axes}
        return {key: patterns for key, patterns in by.items() if patterns}

    def comparable(self, metric: str) -> bool:
        """Return whether a metric is known and has the same definition in all runs."""
        return self.has_metric(metric) and not is_redefined(
            metric, frozenset().union(*self.redefined.values())
        )

    @property
    def sign(self) -> int:
        """Return 1 if a lower headline is better, -1 if a higher one is."""
        if self.headline == self.objective and self.maximised is not None:
            return -1 if self.maximised else 1
        return -1 if better(self.headline or "") is Better.higher else 1

    @cached_property
    def headlines(self) -> list[str]:
        """Return the most important metrics: loss, reconstruction, agreement with classes."""
        error = ("reconstruction.val.mse", "reconstruction.train.mse")
        chosen = [self.headline, next(filter(self.comparable, error), None)]
        agreement = (
            name for name in self.metrics if _is_agreement(name) and self.has_metric(name)
        )
        return [*dict.fromkeys(name for name in (*chosen, *agreement) if name)]

    @cached_property
    def baselines(self) -> list[str]:
        """Return the errors of PCA that belong to the most important metrics."""
        names = dict.fromkeys(BASELINES.get(name, "") for name in self.headlines)
        return [name for name in names if self.has_metric(name)]

    @cached_property
    def answered(self) -> list[Outcome]:
        """Return the completed runs that answer how_many or learning_rate."""
        return [run for run in self.completed if run.answers]

    @cached_property
    def recommended(self) -> list[str]:
        """Return the recommended numbers that some run has."""
        return [*filter(self.has_metric, chain.from_iterable(RECOMMENDED.values()))]

    @cached_property
    def ranked(self) -> list[Setting]:
        """Return the settings that have a headline, from best to worst by its mean."""
        means = {id(setting): self.mean(setting) for setting in self.settings}
        with_headline = [setting for setting in self.settings if not isnan(means[id(setting)])]
        return sorted(with_headline, key=lambda setting: self.sign * means[id(setting)])

    def mean(self, setting: Setting) -> float:
        """Return the mean headline of a setting, NaN if no completed run has one."""
        return setting.spread(self.headline).mean if self.headline else nan

    @cached_property
    def best(self) -> list[Outcome]:
        """Return the completed runs that have a headline, from best to worst."""
        name = self.headline or ""
        with_headline = [run for run in self.completed if isfinite(run.metrics.get(name, nan))]
        return sorted(with_headline, key=lambda run: self.sign * run.metrics.get(name, inf))

    @cached_property
    def agreement(self) -> str | None:
        """Return the adjusted Rand index with the highest mean, None if there is none."""
        names = [name for name in self.headlines if _is_agreement(name)]
        return max(names, key=self.average, default=None)

    def average(self, metric: str) -> float:
        """Return the mean of a metric over all completed runs."""
        return spread(run.metrics.get(metric, nan) for run in self.completed).mean


def _is_agreement(name: str) -> bool:
    return name.startswith("clustering.") and name.endswith(".ari")
