"""How much each feature says about each factor: measured, or by the weights."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

Row = Mapping[str, str]


@dataclass(frozen=True)
class Importance:
    """How a factor follows a feature.

    value: signed; low, high: over repeats, not a number if it was not repeated. permutation: what
    shuffling the feature costs, not a number if that was not measured.
    """

    factor: str
    feature: str
    value: float
    low: float = nan
    high: float = nan
    permutation: float = nan


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
    total = dict.fromkeys(features, 0.0)
    for each in known:
        if each.feature in total and isfinite(each.value):
            total[each.feature] += abs(each.value)
    return sorted(range(len(features)), key=lambda k: -total[features[k]])
