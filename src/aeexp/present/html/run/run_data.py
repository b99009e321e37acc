"""The content of a run's directory, in the form that its report needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan
from typing import Any

import numpy as np

from aeexp.config.spec import Space
from aeexp.present.html.table import number_in
from aeexp.runs import Run

MAX_ROWS = 100_000
"""Number of rows that are shown one by one; of larger tables, a random sample."""


@dataclass(frozen=True)
class Importance:
    """How strongly a factor depends on a feature.

    value: signed, of this model. low, high: the range over other trainings, NaN without any.
    permutation: how far the factor moves when the feature is shuffled, NaN if not measured.
    """

    factor: str
    feature: str
    value: float
    low: float = nan
    high: float = nan
    permutation: float = nan

    @property
    def size(self) -> tuple[float, float]:
        """Return the key that importances are sorted by: the permutation, then the value."""
        return finite_or_zero(abs(self.permutation)), finite_or_zero(abs(self.value))


@dataclass(frozen=True)
class RunData(Run):
    """A run's directory. Files that it lacks count as empty.

    final: the content of run.json, given where the file is not written yet.
    """

    final: Mapping[str, Any] | None = None

    @property
    def record(self) -> Mapping[str, Any]:
        return super().record if self.final is None else self.final

    @cached_property
    def latents(self) -> Mapping[str, Sequence[str]]:
        """Return the columns of the latents, of at most 100,000 rows."""
        return self.table("latents", MAX_ROWS)

    @property
    def factors(self) -> list[str]:
        """Return the names of the factors: z1, z2, …"""
        return [name for name in self.latents if name[:1] == "z" and name[1:].isdecimal()]

    @property
    def clusterings(self) -> list[str]:
        """Return the names of the clusterings with a column in the latents."""
        specs = [key.partition(".") for key in self.record.get("specs", {})]
        return [name for group, _, name in specs if group == "clustering" and name in self.latents]

    def space(self, clustering: str) -> str:
        """Return the space of a clustering; before runs recorded it, this was the factors'."""
        return self.record.get("spaces", {}).get(clustering, Space.latent.value)

    @cached_property
    def importances(self) -> Sequence[Importance]:
        """Return the measured importances, or else the model's weights, by factor and size."""
        importances = [
            Importance(
                row["factor"],
                row["feature"],
                value=number_in(row, "jacobian"),
                low=number_in(row, "jacobian_low"),
                high=number_in(row, "jacobian_high"),
                permutation=number_in(row, "permutation"),
            )
            for row in self.rows("importance")
        ]
        importances = importances or [
            Importance(factor, row["feature"], number_in(row, factor))
            for factor in self.factors
            for row in self.rows("weights")
            if factor in row
        ]
        factors = [*dict.fromkeys(importance.factor for importance in importances)]
        by_size = sorted(importances, key=lambda importance: importance.size, reverse=True)
        return sorted(by_size, key=lambda importance: factors.index(importance.factor))

    @property
    def importance_records(self) -> list[Mapping[str, Any]]:
        """Return the importances as rows of a table."""
        return [vars(importance) for importance in self.importances]

    @property
    def quantity(self) -> str:
        """Return what the values of `importances` measure."""
        if self.table("importance"):
            return (
                "change of this model's factor, in its standard deviations, per standard deviation"
                " of the feature; whiskers: lowest and highest value over other trainings"
            )
        return next(iter(self.table("weights").get("quantity", ())), "")

    @property
    def verdict(self) -> str:
        """Return the sentence that judges the training."""
        return self.record.get("verdict", {}).get("sentence", "")

    def ranked_features(self, features: Sequence[str]) -> list[int]:
        """Return the indices of features, sorted by their importance over all factors."""
        total = {feature: np.zeros(2) for feature in features}
        for importance in self.importances:
            if importance.feature in total:
                total[importance.feature] += importance.size
        return sorted(range(len(features)), key=lambda k: tuple(-total[features[k]]))

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return a table as one record per row."""
        table = self.table(name)
        return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]

    def lines(self, name: str) -> list[str]:
        """Return the lines of a text file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return text.expandtabs(4).splitlines()


def finite_or_zero(value: float) -> float:
    """Return a finite number as it is, others as 0."""
    return value if isfinite(value) else 0.0
