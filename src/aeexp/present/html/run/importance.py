"""How much each feature says about each factor: measured, or by the weights."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

Row = Mapping[str, str]


@dataclass(frozen=True)
class Importance:
    """How a factor follows a feature.

    value: signed, of this model; low, high: of other trainings, not a number if there are none.
    permutation: how far the factor moves when the feature is shuffled, not a number if that was
    not measured.
    """

    factor: str
    feature: str
    value: float
    low: float = nan
    high: float = nan
    permutation: float = nan

    @property
    def size(self) -> tuple[float, float]:
        """Return what importances are sorted by: how far they move the factor, then the value."""
        return magnitude(self.permutation), magnitude(self.value)


def magnitude(value: float) -> float:
    """Return a number without its sign; 0 where there is none."""
    return abs(value) if isfinite(value) else 0.0


def number_in(row: Row, column: str) -> float:
    """Return the number in a cell; not a number if it is empty or the column is not there."""
    return float(row.get(column) or nan)


def measured(rows: Sequence[Row]) -> Iterator[Importance]:
    """Yield the importances that a table holds."""
    for row in rows:
        yield Importance(
            row["factor"],
            row["feature"],
            value=number_in(row, "jacobian"),
            low=number_in(row, "jacobian_low"),
            high=number_in(row, "jacobian_high"),
            permutation=number_in(row, "permutation"),
        )


def weighed(rows: Sequence[Row], factors: Sequence[str]) -> Iterator[Importance]:
    """Yield the weights of a model, which stand for importances that were not measured."""
    for factor in factors:
        for row in rows:
            if factor in row:
                yield Importance(factor, row["feature"], number_in(row, factor))


def ranked(known: Sequence[Importance], features: Sequence[str]) -> list[int]:
    """Return the numbers of the features, those first that factors follow most."""
    total = {feature: np.zeros(2) for feature in features}
    for each in known:
        if each.feature in total:
            total[each.feature] += each.size
    return sorted(range(len(features)), key=lambda k: tuple(-total[features[k]]))
