"""A card per factor: the features it depends on, its reproducibility, its associations."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from aeexp.present.html.run.run_data import Importance, RunData, finite_or_zero
from aeexp.present.html.table import Record, number_in, three_digits
from aeexp.text import NOTHING

MAX_FEATURES, MAX_CARDS, MAX_ASSOCIATIONS = 6, 32, 5
BAR_WIDTH, CURVE_WIDTH, HEIGHT = 110, 80, 22  # in pixels; parts.html has the same


@dataclass(frozen=True)
class Bar:
    """A bar from zero, which is in the middle, with the whisker of its end, in pixels."""

    x: float
    width: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """A feature on a card.

    curve: points of a line that shows the feature while the factor goes from low to high.
    ends: the feature at both ends. Both are empty if they were not measured.
    """

    feature: str
    text: str
    bar: Bar
    curve: str
    ends: str


@dataclass(frozen=True)
class Card:
    """A factor. doubts: reasons not to interpret it. rest: number of features not listed."""

    name: str
    doubts: Sequence[str]
    facts: Mapping[str, str]
    lines: Sequence[Line]
    rest: int
    associations: Sequence[str]

    @property
    def has_curves(self) -> bool:
        """Return whether curves of features were measured."""
        return any(line.curve for line in self.lines)


def factor_cards(run: RunData) -> list[Card]:
    """Return a card for each of the first 32 factors."""
    names = run.factors[:MAX_CARDS]
    top = {name: _most_important(run.importances, name) for name in names}
    sizes = [
        abs(value)
        for importances in top.values()
        for importance in importances
        for value in (importance.value, importance.low, importance.high)
        if isfinite(value)
    ]
    longest = max(sizes, default=0.0) or 1.0
    records = {row["factor"]: row for row in run.rows("factors")}
    stability = run.document("stability").get("factors", {})
    curves = _curves(run)
    return [
        Card(
            name=name,
            doubts=[*_doubts(records.get(name, {}), stability.get(name, {}))],
            facts=_facts(records.get(name, {})),
            lines=[_line(importance, longest, curves[name]) for importance in top[name]],
            rest=max(0, sum(i.factor == name for i in run.importances) - MAX_FEATURES),
            associations=[*_associations(run, name)],
        )
        for name in names
    ]


def _doubts(record: Record, stability: Mapping[str, object]) -> Iterator[str]:
    flag = record.get("flag", "")
    if flag == "dead":
        yield "This factor is dead: it is nearly the same for all rows."
    elif flag:
        yield f"This factor is a {flag}: both carry nearly the same information."
    if stability.get("reproducible") is False:
        yield "Other trainings do not find this factor again: do not interpret it."


def _facts(record: Record) -> dict[str, str]:
    facts = {}
    explained = number_in(record, "variance_explained")
    if isfinite(explained):
        ends = [number_in(record, f"variance_explained_{end}") for end in ("low", "high")]
        facts["variance lost without it"] = f"{explained:.1%}" + (
            f" ({ends[0]:.1%} to {ends[1]:.1%} in other trainings)"
            if all(map(isfinite, ends))
            else ""
        )
    reproducibility = number_in(record, "reproducibility")
    if isfinite(reproducibility):
        facts["reproducibility (1: every training finds it)"] = f"{reproducibility:.2f}"
    return facts


def _most_important(importances: Sequence[Importance], factor: str) -> list[Importance]:
    """Return a factor's features by importance; those with a settled sign come first."""

    def rank(importance: Importance) -> tuple[bool, float, float]:
        value, permutation = importance.value, importance.permutation
        unsettled = value * importance.low <= 0 or value * importance.high <= 0
        moved = permutation if isfinite(permutation) else -1.0  # unmeasured ones come last
        return unsettled, -moved, -abs(value)

    own_factor = [i for i in importances if i.factor == factor and isfinite(i.value)]
    return sorted(own_factor, key=rank)[:MAX_FEATURES]


def _line(importance: Importance, longest: float, curves: Mapping[str, Sequence[float]]) -> Line:
    def place(value: float) -> float:
        return round(BAR_WIDTH / 2 * (1 + 0.97 * value / longest), 1)

    start, end = sorted([place(0), place(importance.value)])
    low, high = (
        place(value) if isfinite(value) else None for value in (importance.low, importance.high)
    )
    curve = [value for value in curves.get(importance.feature, ()) if isfinite(value)]
    return Line(
        importance.feature,
        f"{importance.value:+.2f}".replace("-", "−"),
        Bar(start, round(end - start, 1), low, high),
        _points(curve),
        f"{three_digits(curve[0])} → {three_digits(curve[-1])}" if curve else NOTHING,
    )


def _curves(run: RunData) -> Mapping[str, dict[str, list[float]]]:
    """Return the values of features while a factor goes from low to high."""
    curves: Mapping[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in run.rows("traversals"):
        for feature in list(row)[2:]:  # the first two columns are the factor and its value
            curves[row["factor"]][feature].append(number_in(row, feature))
    return curves


def _points(curve: Sequence[float]) -> str:
    """Return the points of an SVG line through the values, from left to right."""
    if len(curve) < 2:
        return ""
    low, span = min(curve), max(curve) - min(curve)
    step = (CURVE_WIDTH - 4) / (len(curve) - 1)
    heights = [(value - low) / span if span else 0.5 for value in curve]
    return " ".join(
        f"{2 + i * step:.1f},{HEIGHT - 3 - (HEIGHT - 6) * height:.1f}"
        for i, height in enumerate(heights)
    )


def _associations(run: RunData, factor: str) -> Iterator[str]:
    rows = [row for row in run.rows("associations") if row["factor"] == factor]
    rows.sort(key=lambda row: -finite_or_zero(abs(number_in(row, "value"))))
    for row in rows[:MAX_ASSOCIATIONS]:
        adjusted = number_in(row, "p_adjusted")
        p = f", adjusted p = {three_digits(adjusted)}" if isfinite(adjusted) else ""
        yield f"{row['label']}: {row['measure']} {three_digits(number_in(row, 'value'))}{p}"
