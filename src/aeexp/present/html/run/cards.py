"""A card for each factor: what it follows, whether it is real, and what it goes with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from aeexp.present.html.run.importance import Importance, magnitude, number_in
from aeexp.present.html.run.kept import Kept
from aeexp.text import NOTHING, number

MOST_FEATURES, MOST_CARDS, MOST_ASSOCIATIONS = 6, 32, 5
WIDE, HIGH, COURSE = 110, 22, 80
"""Of a bar or a course, in pixels."""


@dataclass(frozen=True)
class Bar:
    """A bar from zero, which is in the middle, with the interval of its end, in pixels."""

    x: float
    width: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """A feature on a card.

    course: the points of a line that shows the feature while the factor goes from low to high;
    ends: its values there. Both are empty if that was not measured.
    """

    feature: str
    text: str
    bar: Bar
    course: str
    ends: str


@dataclass(frozen=True)
class Card:
    """A factor. doubts: why it is not to be read as it stands. rest: features not listed."""

    name: str
    doubts: Sequence[str]
    facts: Mapping[str, str]
    lines: Sequence[Line]
    rest: int
    associations: Sequence[str]

    @property
    def courses(self) -> bool:
        """Return whether the courses of features were measured."""
        return any(line.course for line in self.lines)


def cards(run: Kept) -> list[Card]:
    """Return a card for each of the first 32 factors."""
    known, names = run.importances, run.factors[:MOST_CARDS]
    top = {name: _top(known, name) for name in names}
    listed = [each for some in top.values() for each in some]
    sizes = [abs(v) for each in listed for v in (each.value, each.low, each.high) if isfinite(v)]
    longest = max(sizes, default=0.0) or 1.0
    told = {row["factor"]: row for row in run.rows("factors")}
    reproducible = run.document("stability").get("factors", {})
    courses = _courses(run)
    return [
        Card(
            name=name,
            doubts=[*_doubts(told.get(name, {}), reproducible.get(name, {}))],
            facts=_facts(told.get(name, {})),
            lines=[_line(each, longest, courses.get(name, {})) for each in top[name]],
            rest=max(0, sum(each.factor == name for each in known) - MOST_FEATURES),
            associations=[*_associations(run, name)],
        )
        for name in names
    ]


def _doubts(row: Mapping[str, str], stability: Mapping[str, object]) -> Iterator[str]:
    flag = row.get("flag", "")
    if flag == "dead":
        yield "This factor is dead: it hardly differs from row to row, and says next to nothing."
    elif flag:
        yield f"This factor is a {flag}: the two say nearly the same."
    if stability.get("reproducible") is False:
        yield "Other trainings do not find this factor again: do not interpret it."


def _facts(row: Mapping[str, str]) -> dict[str, str]:
    shown = {}
    explained = number_in(row, "variance_explained")
    if isfinite(explained):
        ends = [number_in(row, f"variance_explained_{end}") for end in ("low", "high")]
        range_ = (
            " ({:.1%} to {:.1%} in other trainings)".format(*ends)
            if all(map(isfinite, ends))
            else ""
        )
        shown["variance of the table that is lost without it"] = f"{explained:.1%}{range_}"
    reproducibility = number_in(row, "reproducibility")
    if isfinite(reproducibility):
        shown["found again by other starts (1: exactly)"] = f"{reproducibility:.2f}"
    return shown


def _top(known: Sequence[Importance], factor: str) -> list[Importance]:
    """Return the features that move a factor most, those first whose sign all trainings share."""

    def place(each: Importance) -> tuple[bool, float, float]:
        unsettled = each.value * each.low <= 0 or each.value * each.high <= 0
        moved = each.permutation if isfinite(each.permutation) else -1.0  # less than the shuffled
        return unsettled, -moved, -abs(each.value)

    here = [each for each in known if each.factor == factor and isfinite(each.value)]
    return sorted(here, key=place)[:MOST_FEATURES]


def _line(each: Importance, longest: float, courses: Mapping[str, Sequence[float]]) -> Line:
    course = [value for value in courses.get(each.feature, ()) if isfinite(value)]
    return Line(
        each.feature,
        f"{each.value:+.2f}".replace("-", "−"),
        _bar(each, longest),
        _points(course),
        f"{number(course[0])} → {number(course[-1])}" if course else NOTHING,
    )


def _bar(each: Importance, longest: float) -> Bar:
    def place(value: float) -> float:
        return round(WIDE / 2 * (1 + 0.97 * value / longest), 1)

    ends = sorted([place(0), place(each.value)])
    low, high = (place(v) if isfinite(v) else None for v in (each.low, each.high))
    return Bar(ends[0], round(ends[1] - ends[0], 1), low, high)


def _courses(run: Kept) -> dict[str, dict[str, list[float]]]:
    """Return how features go while a factor goes from low to high, by factor and feature."""
    courses: dict[str, dict[str, list[float]]] = {}
    for row in run.rows("traversals"):
        here = courses.setdefault(row["factor"], {})
        for feature in list(row)[2:]:
            here.setdefault(feature, []).append(number_in(row, feature))
    return courses


def _points(course: Sequence[float]) -> str:
    """Return the points of a line through the values, from left to right."""
    if len(course) < 2:
        return ""
    low, span = min(course), max(course) - min(course)
    steps = len(course) - 1
    heights = [(value - low) / span if span else 0.5 for value in course]
    return " ".join(
        f"{2 + i * (COURSE - 4) / steps:.1f},{HIGH - 3 - (HIGH - 6) * height:.1f}"
        for i, height in enumerate(heights)
    )


def _associations(run: Kept, factor: str) -> Iterator[str]:
    rows = [row for row in run.rows("associations") if row["factor"] == factor]
    rows.sort(key=lambda row: -magnitude(number_in(row, "value")))
    for row in rows[:MOST_ASSOCIATIONS]:
        adjusted = number_in(row, "p_adjusted")
        p = f", adjusted p = {number(adjusted)}" if isfinite(adjusted) else ""
        yield f"{row['label']}: {row['measure']} {number(number_in(row, 'value'))}{p}"
