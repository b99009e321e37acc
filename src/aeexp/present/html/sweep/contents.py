"""What the page of a sweep says, before it is HTML."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path

from aeexp.analysis.sweep.comparison import Comparison, Setting
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.analysis.sweep.study import Study
from aeexp.analysis.sweep.varied import SEED, Varied
from aeexp.config import metrics
from aeexp.config.metrics import Better
from aeexp.present.html.sweep.picture import Picture
from aeexp.present.html.sweep.pictures import pictures
from aeexp.present.html.sweep.sheet import spread_out
from aeexp.present.html.table import Cell, Sheet, measured, said
from aeexp.present.tables.sweep import address
from aeexp.present.text.conclusion import conclusion
from aeexp.present.text.sweep import value_text
from aeexp.runs import Ledger
from aeexp.text import joined

TOP_RUNS, TOP_SETTINGS = 5, 10
MOST_VALUES = 12
"""Of an override that has more values, so many are listed."""
FIGURES = ("loss", "latent", "reconstruction", "weights", "how_many", "learning_rate")
"""Of a run's figures, those that its row links."""


@dataclass(frozen=True)
class Contents:
    """The parts of the page, from top to bottom."""

    title: str
    commands: Sequence[str]
    counts: Mapping[str, int]
    varied: Sheet
    alike: str
    failures: Sheet | None
    lines: Sequence[str]
    best: Sequence[Sheet]
    pictures: Sequence[Picture]
    settings: Sheet
    runs: Sheet


def contents(
    comparison: Comparison, sweeps: Sequence[Path], studies: Sequence[Study], into: Path
) -> Contents:
    """Return what the page says; its links lead from `into`."""
    return Contents(
        title=joined(sweep.name for sweep in sweeps),
        commands=[*filter(None, map(_command, sweeps))],
        counts=comparison.counts,
        varied=_varied(comparison),
        alike=_alike(comparison),
        failures=_failures(comparison, into),
        lines=conclusion(comparison),
        best=[*_best(comparison, into)],
        pictures=[*pictures(comparison, studies, into)],
        settings=_settings(comparison, comparison.settings, comparison.metrics, "All settings"),
        runs=_runs(
            comparison,
            comparison.outcomes,
            [*comparison.headlines, *comparison.recommended],
            into,
            "All runs",
        ),
    )


def _command(sweep: Path) -> str:
    try:
        return " ".join(("aeexp", *map(str, Ledger(sweep).words())))
    except (ValueError, KeyError, TypeError):
        return ""


def _varied(comparison: Comparison) -> Sheet:
    rows = [
        [Cell(each.key), Cell(_values(each)), measured(len(each.values)), Cell(_role(each))]
        for each in comparison.varied
    ]
    return Sheet("What was varied", ["override", "values", "how many", "role"], rows)


def _role(each: Varied) -> str:
    return "repeat" if each.key == SEED else "setting"


def _values(each: Varied) -> str:
    values = [*map(value_text, each.values)]
    if len(values) <= MOST_VALUES:
        return joined(values)
    return f"{joined(values[: MOST_VALUES - 1])}, …, {values[-1]}"


def _alike(comparison: Comparison) -> str:
    varied = {each.key for each in comparison.varied}
    first = comparison.outcomes[0].overrides if comparison.outcomes else {}
    return " ".join(f"{key}={value}" for key, value in first.items() if key not in varied)


def _failures(comparison: Comparison, into: Path) -> Sheet | None:
    """Return what did not complete, a row a run, and why."""
    keys = [each.key for each in comparison.varied]
    rows = [
        [
            _link(run, into),
            Cell(run.status, status=True),
            Cell(run.reason),
            *(said(value_text(run.overrides.get(key, ""))) for key in keys),
        ]
        for run in comparison.outcomes
        if not run.completed
    ]
    return (
        Sheet("What did not complete", ["job", "status", "reason", *keys], rows) if rows else None
    )


def _best(comparison: Comparison, into: Path) -> Iterator[Sheet]:
    if len(comparison.ranked) > 1:
        top = comparison.ranked[:TOP_SETTINGS]
        title = _of("Best settings", top, comparison.ranked)
        yield _settings(comparison, top, comparison.headlines, title)
    if comparison.best:
        top_runs = comparison.best[:TOP_RUNS]
        title = _of("Best runs", top_runs, comparison.best)
        yield _runs(comparison, top_runs, comparison.headlines, into, title)


def _of(title: str, shown: Sequence[object], ranked: Sequence[object]) -> str:
    return f"{title} ({len(shown)} of {len(ranked)})" if len(shown) < len(ranked) else title


def _settings(
    comparison: Comparison, settings: Sequence[Setting], metrics: Sequence[str], title: str
) -> Sheet:
    best = {name: _extreme(comparison, name) for name in metrics if name in comparison.headlines}
    keys = [each.key for each in comparison.axes]
    rows = []
    for setting in settings:
        row = [said(value_text(setting.overrides[key])) for key in keys]
        row.append(_completed(setting))
        for name in metrics:
            spread = setting.spread(name)
            row.append(spread_out(spread, best=spread.mean == best.get(name)))
        rows.append(row)
    return Sheet(title, [*keys, "runs", *metrics], rows)


def _extreme(comparison: Comparison, metric: str) -> float:
    """Return the best mean of a metric over the settings, if there are several."""
    means = [setting.spread(metric).mean for setting in comparison.settings]
    known = [mean for mean in means if not isnan(mean)]
    choose = {Better.higher: max, Better.lower: min}.get(metrics.better(metric))
    return choose(known) if choose and len(known) > 1 else nan


def _completed(setting: Setting) -> Cell:
    """Say how many runs of a setting count, and what became of the others."""
    others: dict[str, int] = defaultdict(int)
    for run in setting.outcomes:
        others[run.status] += not run.completed
    lost = [f"{count} {status}" for status, count in others.items() if count]
    completed = len(setting.completed)
    of_all = f"{completed} of {len(setting.outcomes)}" if lost else f"{completed}"
    return Cell(joined((of_all, *lost)), completed)


def _runs(
    comparison: Comparison,
    runs: Sequence[Outcome],
    metrics: Sequence[str],
    into: Path,
    title: str,
) -> Sheet:
    several = len({run.sweep for run in comparison.outcomes}) > 1
    keys = [each.key for each in comparison.varied]
    files = [_files(run, into) for run in runs]
    columns = ["job", *(["sweep"] if several else []), "status", *keys, *metrics]
    columns += ["verdict", "seconds", *(["figures"] if any(files) else [])]
    rows = [
        [
            _link(run, into),
            *([Cell(run.sweep.name)] if several else []),
            Cell(run.status, status=True),
            *(said(value_text(run.overrides.get(key, ""))) for key in keys),
            *(measured(run.metrics.get(name, nan)) for name in metrics),
            Cell(run.verdict),
            measured(run.seconds),
            *([Cell(links=drawn)] if any(files) else []),
        ]
        for run, drawn in zip(runs, files, strict=True)
    ]
    return Sheet(title, columns, rows)


def _link(run: Outcome, into: Path) -> Cell:
    where = address(run.folder, into) if run.folder else ""
    return Cell(f"{run.number}", run.number, {f"{run.number}": f"{where}/"} if where else {})


def _files(run: Outcome, into: Path) -> Mapping[str, str]:
    """Return where the main figures of a run are, by their names."""
    folder = run.folder / "figures" if run.folder else None
    if folder is None or not folder.is_dir():
        return {}
    there = {path.stem: path for path in folder.iterdir() if path.stem in FIGURES}
    return {name: address(there[name], into) for name in FIGURES if name in there}
