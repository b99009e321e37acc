"""How much each feature says about each factor: measured, or by the weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

from aeexp.page.kept import Kept, number_in


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


def importances(run: Kept) -> list[Importance]:
    """Return the importances that were measured, or else the weights of the model."""
    measured = [
        Importance(
            row["factor"],
            row["feature"],
            *(number_in(row, f"jacobian{end}") for end in ("", "_low", "_high")),
            number_in(row, "permutation"),
        )
        for row in run.rows("importance")
    ]
    return measured or [
        Importance(factor, row["feature"], number_in(row, factor))
        for row in run.rows("weights")
        for factor in run.factors
        if factor in row
    ]


def quantity(run: Kept) -> str:
    """Return what the importances are."""
    if run.table("importance"):
        return "change of the factor, in its standard deviations, per standard deviation"
    return next(iter(run.table("weights").get("quantity", ())), "")


def by_importance(run: Kept, features: Sequence[str]) -> list[int]:
    """Return the numbers of the features, those first that most is said by."""
    total = dict.fromkeys(features, 0.0)
    for each in importances(run):
        if each.feature in total and isfinite(each.value):
            total[each.feature] += abs(each.value)
    return sorted(range(len(features)), key=lambda k: -total[features[k]])
