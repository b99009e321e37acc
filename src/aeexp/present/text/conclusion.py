"""The conclusion of a sweep, in a few lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.outcome import RECOMMENDED, Outcome
from aeexp.analysis.sweep.redefined import is_redefined
from aeexp.analysis.sweep.varied import Varied
from aeexp.present.text.sentence import MARKS, QUESTIONS, Sentence
from aeexp.present.text.sweep import run_text, spread_text
from aeexp.text import counted, few, joined, number, one_line

LONGEST = 1_500
"""Characters of a sentence, whose command may be long."""
MOST_NAMES = 6
"""Number of metrics that cannot be compared and are named."""
MOST_ANSWERS = 6
"""Number of runs whose answers are shown in full."""


@dataclass(frozen=True)
class Conclusion:
    """The result of a sweep in a few lines.

    status: counts and the best run. answer: sentences on the best setting, the next step last.
    notes: cautions, and answers of single runs.
    """

    status: Sequence[str]
    answer: Sequence[Sentence]
    notes: Sequence[str]

    @property
    def lines(self) -> list[str]:
        """Return all lines for the terminal."""
        sentences = [sentence_line(part) for part in self.answer]
        last = sum(part.about == "next" for part in self.answer)
        end = len(sentences) - last
        return [*self.status, *sentences[:end], *self.notes, *sentences[end:]]


def conclusion(comparison: Comparison, answer: Sequence[Sentence] = ()) -> Conclusion:
    """Return the conclusion of a sweep. answer: the sentences on its best setting."""
    status, notes = _status(comparison), _notes(comparison)
    return Conclusion([*map(_short, status)], answer, [*map(_short, notes)])


def _short(line: str) -> str:
    return one_line(line, 600)


def _status(comparison: Comparison) -> Iterator[str]:
    counts = joined(f"{count} {status}" for status, count in comparison.counts.items())
    runs = counted(len(comparison.outcomes), "run")
    yield f"{runs} of {counted(len(comparison.settings), 'setting')}: {counts or 'none planned'}."
    if comparison.best:
        run, headline = comparison.best[0], comparison.headline or ""
        value = number(run.metrics[headline])
        yield f"Best run: {_run_name(comparison, run)}: {headline} {value}."
        if len(comparison.ranked) == 1 and len(comparison.best) > 1:
            mean = spread_text(comparison.ranked[0].spread(headline))
            yield f"Mean over all repeats: {headline} {mean}."


def _notes(comparison: Comparison) -> Iterator[str]:
    if comparison.best:
        yield from _cautions(comparison)
    yield from _answers(comparison)
    if not (comparison.best or comparison.answered):
        yield _no_best_run(comparison)


def sentence_line(part: Sentence) -> str:
    """Return a sentence of an answer with its mark and question."""
    mark = "→" if part.about == "next" else MARKS[part.claim]
    return one_line(f"{mark} {QUESTIONS[part.about]} {part.sentence}", LONGEST)


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
                f"Compared by {comparison.headline}: {key} varied, so that other metrics are not"
                f" comparable: {few(names, MOST_NAMES)}."
            )
    tables = [axis for axis in comparison.varied if axis.key.startswith("dataset")]
    if len({run.data for run in comparison.completed}) > 1 and not tables:
        yield f"Caution: the data varied. {comparison.headline} ranks only runs on the same data."
