"""The conclusion of a sweep, in a few lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import hypot, isfinite, nan

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.outcome import RECOMMENDED, Outcome
from aeexp.analysis.sweep.redefined import is_redefined
from aeexp.analysis.sweep.varied import Varied
from aeexp.present.text.sweep import run_text, setting_text, spread_text
from aeexp.text import counted, few, joined, number, one_line

MOST_NAMES = 6
"""Number of metrics that cannot be compared and are named."""
MOST_ANSWERS = 6
"""Number of runs whose answers are shown in full."""


def conclusion(comparison: Comparison) -> list[str]:
    """Return lines on the status, the best runs, the overrides that matter, and the answers."""
    return [one_line(line, 600) for line in _lines(comparison)]


def _lines(comparison: Comparison) -> Iterator[str]:
    counts = joined(f"{count} {status}" for status, count in comparison.counts.items())
    runs = counted(len(comparison.outcomes), "run")
    yield f"{runs} of {counted(len(comparison.settings), 'setting')}: {counts or 'none planned'}."
    if comparison.best:
        run, headline = comparison.best[0], comparison.headline or ""
        value = number(run.metrics[headline])
        yield f"Best run: {_run_name(comparison, run)}: {headline} {value}."
        if len(comparison.ranked) > 1:
            yield _best_setting(comparison)
        elif len(comparison.best) > 1:
            mean = spread_text(comparison.ranked[0].spread(headline))
            yield f"Mean over all repeats: {headline} {mean}."
        yield from _largest_effect(comparison)
        yield from _cautions(comparison)
    yield from _answers(comparison)
    if not (comparison.best or comparison.answered):
        yield _no_best_run(comparison)


def _no_best_run(comparison: Comparison) -> str:
    for key, patterns in comparison.redefined.items():
        names = comparison.preferences
        if any(comparison.has_metric(n) and is_redefined(n, patterns) for n in names):
            return f"No best run: {key} varied, which changes what every loss and error measures."
    failed = next((run for run in comparison.outcomes if run.reason), None)
    reason = f" First error (job {failed.number}): {failed.reason}" if failed else ""
    return f"No run has a loss, so there is nothing to compare.{reason}"


def _run_name(comparison: Comparison, run: Outcome) -> str:
    overrides = run_text(comparison, run)
    return f"job {run.number} ({overrides})" if overrides else f"job {run.number}"


def _best_setting(comparison: Comparison) -> str:
    """Return the two best settings, and whether they differ by more than two standard errors."""
    headline = comparison.headline or ""
    best, second = comparison.ranked[:2]
    first, other = best.spread(headline), second.spread(headline)
    text = f"Best setting: {setting_text(best)}: {headline} {spread_text(first)}"
    if not_completed := len(best.outcomes) - len(best.completed):
        text += f", {not_completed} of its {len(best.outcomes)} runs not completed"
    text += f". Second: {setting_text(second)}: {spread_text(other)}."
    if min(first.n, other.n) < 2:
        return f"{text} Their difference may be chance: train each with several seeds."
    error = hypot(first.sd / first.n**0.5, other.sd / other.n**0.5)
    if comparison.sign * (other.mean - first.mean) <= 2 * error:
        text += " Their difference may be chance: it is within two standard errors."
    return text


def _largest_effect(comparison: Comparison) -> Iterator[str]:
    """Yield which override has the largest effect, of those whose values occur twice or more."""
    recurring = [axis for axis in comparison.axes if 2 * len(axis.values) <= len(comparison.best)]
    ranges = {axis.key: _range(comparison, axis) for axis in recurring}
    if len(ranges) > 1:
        key = max(ranges, key=lambda key: ranges[key][1] - ranges[key][0])
        low, high = map(number, ranges[key])
        yield (
            f"Largest effect: {key}. The mean {comparison.headline} of its values ranges from"
            f" {low} to {high}."
        )


def _range(comparison: Comparison, axis: Varied) -> tuple[float, float]:
    spreads: list[Spread] = [spread(points) for points in points_by(comparison, axis).values()]
    means = [spread.mean for spread in spreads if spread.n]
    return min(means), max(means)


def points_by(
    comparison: Comparison, axis: Varied, metric: str | None = None
) -> dict[str, list[float]]:
    """Return a metric of the completed runs by the value of an override.

    metric: by default the headline.
    """
    points: dict[str, list[float]] = {value: [] for value in axis.values}
    for run in comparison.completed:
        value = run.metrics.get(metric or comparison.headline or "", nan)
        if isfinite(value):
            points[run.overrides.get(axis.key, "")].append(value)
    return points


def _answers(comparison: Comparison) -> Iterator[str]:
    """Yield what the runs of other tasks recommend, together and one by one."""
    for about in RECOMMENDED:
        runs = [run for run in comparison.answered if about in run.answers]
        if len(runs) > 1:
            yield _recommended(about, runs)
    for run in comparison.answered[:MOST_ANSWERS]:
        for _, sentence in run.answers.values():
            yield f"Answer of {_run_name(comparison, run)}: {sentence}"
    if len(comparison.answered) > MOST_ANSWERS:
        yield "The table of all runs has the other answers."


def _recommended(about: str, runs: Sequence[Outcome]) -> str:
    decided = [run for run in runs if run.answers[about][0] == "yes"]
    numbers = [run.metrics.get(name, nan) for run in decided for name in RECOMMENDED[about]]
    ends = dict.fromkeys(number(end(numbers)) for end in (min, max)) if numbers else ()
    counts = Counter(run.answers[about][0] for run in runs)
    texts = {"yes": " to ".join(ends), "no": "none", "undecided": "undecided"}
    answers = joined(
        f"{text} ({counted(counts[claim], 'run')})"
        for claim, text in texts.items()
        if counts[claim]
    )
    return f"{about.replace('_', ' ').capitalize()}: {answers}."


def _cautions(comparison: Comparison) -> Iterator[str]:
    preferred = comparison.preferences
    skipped = preferred[: preferred.index(comparison.headline or preferred[0])]
    for key, patterns in comparison.redefined.items():
        names = [n for n in comparison.metrics if is_redefined(n, patterns)]
        if any(comparison.has_metric(name) for name in {*names} & {*skipped}):
            yield (
                f"Compared by {comparison.headline}: {key} varied, which changes what"
                f" {few(names, MOST_NAMES)} {'measure' if len(names) > 1 else 'measures'}."
            )
    tables = [axis for axis in comparison.varied if axis.key.startswith("dataset")]
    if len({run.data for run in comparison.completed}) > 1 and not tables:
        yield f"Caution: the data varied. {comparison.headline} ranks only runs on the same data."
