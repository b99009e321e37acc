"""What a sweep comes to, in a few plain lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import hypot, isnan, nan

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.comparison import HEADLINES, Comparison, Setting
from aeexp.analysis.sweep.outcome import RECOMMENDED, Outcome
from aeexp.analysis.sweep.redefined import is_redefined
from aeexp.analysis.sweep.varied import Varied, shown
from aeexp.text import counted, joined, listed, number, one_line

MOST_ANSWERED = 6
"""Runs whose answers are told in full."""


def conclusion(comparison: Comparison) -> list[str]:
    """Return some lines: how it went, what was best, what made a difference, what was answered."""
    return [one_line(line, 600) for line in _lines(comparison)]


def _lines(comparison: Comparison) -> Iterator[str]:
    yield _went(comparison)
    if comparison.best:
        yield from _compared(comparison)
    yield from _answered(comparison)
    if not (comparison.best or comparison.answered):
        yield _nothing(comparison)


def _compared(comparison: Comparison) -> Iterator[str]:
    yield _best_run(comparison)
    if len(comparison.ranked) > 1:
        yield _best_setting(comparison)
    elif len(comparison.best) > 1:
        yield f"Over all seeds: {comparison.headline} {_spread(comparison, comparison.ranked[0])}."
    if len(comparison.axes) > 1:
        yield from _mattered(comparison)
    yield from _cautions(comparison)


def _went(comparison: Comparison) -> str:
    counts = joined(f"{count} {status}" for status, count in comparison.counts.items())
    settings = counted(len(comparison.settings), "setting")
    return f"{counted(len(comparison.outcomes), 'run')} of {settings}: {counts or 'none planned'}."


def _nothing(comparison: Comparison) -> str:
    for key, patterns in comparison.redefined.items():
        if any(comparison.known(n) and is_redefined(n, patterns) for n in HEADLINES):
            return f"{key} varied, and no metric measures the same in all runs: none is the best."
    failed = next((run for run in comparison.outcomes if run.reason), None)
    why = f" The first reason, of job {failed.number}: {failed.reason}" if failed else ""
    return f"No run came to a loss: there is nothing to compare.{why}"


def _best_run(comparison: Comparison) -> str:
    run = comparison.best[0]
    loss = number(run.metrics[comparison.headline or ""])
    return f"Best run: {_named(comparison, run)}: {comparison.headline} {loss}."


def _named(comparison: Comparison, run: Outcome) -> str:
    words = said_by(comparison, run)
    return f"job {run.number} ({words})" if words else f"job {run.number}"


def said_by(comparison: Comparison, run: Outcome) -> str:
    """Return what a run says of the overrides that vary, "model=deep seed=0"."""
    pairs = ((each.key, run.said.get(each.key, "")) for each in comparison.varied)
    return " ".join(f"{key}={shown(value)}" for key, value in pairs)


def _best_setting(comparison: Comparison) -> str:
    best, second = comparison.ranked[:2]
    first = f"Best setting: {best}: {comparison.headline} {_spread(comparison, best)}"
    ended = len(best.outcomes) - len(best.completed)
    lost = f", {ended} of its {len(best.outcomes)} runs not completed" if ended else ""
    return f"{first}{lost}; next {second}: {_spread(comparison, second)}{_apart(comparison)}."


def _apart(comparison: Comparison) -> str:
    """Say whether the two best settings differ by more than the standard error of that."""
    best, second = (_spread(comparison, each) for each in comparison.ranked[:2])
    if min(best.n, second.n) < 2:
        return ", with too few seeds to tell luck from merit"
    error = hypot(best.sd / best.n**0.5, second.sd / second.n**0.5)
    apart = comparison.sign * (second.mean - best.mean) > 2 * error
    return "" if apart else ", too close to tell them apart"


def _spread(comparison: Comparison, setting: Setting) -> Spread:
    return setting.spread(comparison.headline or "")


def _mattered(comparison: Comparison) -> Iterator[str]:
    """Say which override made the largest difference, of those whose values recur."""
    runs = len(comparison.best)
    recurring = [each for each in comparison.axes if 2 * len(each.values) <= runs]
    ranges = {each.key: _range(comparison, each) for each in recurring}
    if len(ranges) > 1:
        key = max(ranges, key=lambda key: ranges[key][1] - ranges[key][0])
        low, high = map(number, ranges[key])
        yield (
            f"{key} made the largest difference: by its value, {comparison.headline} is {low} to "
            f"{high} on average."
        )


def _range(comparison: Comparison, each: Varied) -> tuple[float, float]:
    means = [spread(points).mean for points in points_by(comparison, each).values()]
    known = [mean for mean in means if not isnan(mean)]
    return min(known), max(known)


def points_by(
    comparison: Comparison, each: Varied, metric: str | None = None
) -> dict[str, list[float]]:
    """Return a metric (the headline) of the completed runs by the value of an override."""
    points: dict[str, list[float]] = {value: [] for value in each.values}
    name = metric or comparison.headline or ""
    for run in comparison.completed:
        value = run.metrics.get(name, float("nan"))
        if abs(value) != float("inf") and not isnan(value):
            points[run.said.get(each.key, "")].append(value)
    return points


def _answered(comparison: Comparison) -> Iterator[str]:
    """Say what runs that asked another question recommend, together and one by one."""
    for about in RECOMMENDED:
        runs = [run for run in comparison.answered if about in run.answers]
        if len(runs) > 1:
            yield _recommended(about, runs)
    for run in comparison.answered[:MOST_ANSWERED]:
        for _, sentence in run.answers.values():
            yield f"Answer of {_named(comparison, run)}: {sentence}"
    if len(comparison.answered) > MOST_ANSWERED:
        yield "What the others recommend is in the table of all runs."


def _recommended(about: str, runs: Sequence[Outcome]) -> str:
    decided = [run for run in runs if run.answers[about][0] == "yes"]
    numbers = [run.metrics.get(name, nan) for run in decided for name in RECOMMENDED[about]]
    ends = dict.fromkeys(number(end(numbers)) for end in (min, max)) if numbers else ()
    counts = Counter(run.answers[about][0] for run in runs)
    words = {"yes": " to ".join(ends), "no": "none", "undecided": "undecided"}
    told = joined(
        f"{said} ({counted(counts[claim], 'run')})"
        for claim, said in words.items()
        if counts[claim]
    )
    return f"{about.replace('_', ' ').capitalize()}: {told}."


def _cautions(comparison: Comparison) -> Iterator[str]:
    passed = HEADLINES[: HEADLINES.index(comparison.headline or HEADLINES[0])]
    for key, patterns in comparison.redefined.items():
        if names := [n for n in passed if comparison.known(n) and is_redefined(n, patterns)]:
            yield (
                f"{key} varied, and with it what {listed(names)} {_measure(names)}: settings are"
                f" compared by {comparison.headline}, which measures the same in all."
            )
    if len({run.data for run in comparison.completed}) > 1:
        yield (
            f"Caution: the data varied, and with them what {comparison.headline} measures: it"
            " ranks such runs only where they share them."
        )


def _measure(names: Sequence[str]) -> str:
    return "measure" if len(names) > 1 else "measures"
