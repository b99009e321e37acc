"""Build summary.html from the runs of one or several sweeps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isnan, nan
from pathlib import Path

from aeexp.analysis.sweep.comparison import Comparison, Setting
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.analysis.sweep.study import Study
from aeexp.analysis.sweep.varied import Varied
from aeexp.config.metrics import Better, better
from aeexp.present.html.render import render
from aeexp.present.html.sweep.figures import figures
from aeexp.present.html.table import Cell, Table, number_cell, spread_cell, value_cell
from aeexp.present.tables.sweep import address
from aeexp.present.text.conclusion import Conclusion
from aeexp.present.text.sentence import MARKS, QUESTIONS
from aeexp.present.text.sweep import value_text
from aeexp.runs import Ledger
from aeexp.text import counted, few, joined

TOP_RUNS, TOP_SETTINGS = 5, 10
MOST_KEYS = 4
"""Number of overrides in the title."""
MAX_VALUES = 12
"""Number of values of an override that are listed."""
FIGURES = ("loss", "latent", "reconstruction", "weights", "how_many", "learning_rate")
"""The figures of a run that its row links to."""


def page(
    comparison: Comparison,
    sweeps: Sequence[Path],
    studies: Sequence[Study],
    conclusion: Conclusion,
    into: Path,
) -> bytes:
    """Return the summary as one HTML file.

    into: the directory of the file, where its links start.
    """
    top_settings, top_runs = comparison.ranked[:TOP_SETTINGS], comparison.best[:TOP_RUNS]
    settings_title = _title("Best settings", len(top_settings), len(comparison.ranked))
    runs_title = _title("Best runs", len(top_runs), len(comparison.best))
    headlines = [*comparison.headlines]
    headlines[1:1] = comparison.baselines
    return render(
        "summary",
        styles=["report"],
        title=_swept(comparison) or joined(sweep.name for sweep in sweeps),
        commands=[*filter(None, map(_command, sweeps))],
        counts=comparison.counts,
        lines=[*conclusion.status, *conclusion.notes],
        answer=conclusion.answer,
        questions=QUESTIONS,
        marks=MARKS,
        varied=_varied(comparison),
        shared=_shared(comparison),
        failures=_failures(comparison, into),
        best_settings=_settings(comparison, top_settings, headlines, settings_title),
        best_runs=_runs(comparison, top_runs, headlines, into, runs_title),
        drawn=[*figures(comparison, studies, into)],
        settings=_settings(comparison, comparison.settings, comparison.metrics, "All settings"),
        runs=_runs(
            comparison,
            comparison.outcomes,
            [*headlines, *comparison.recommended],
            into,
            "All runs",
        ),
    )


def _swept(comparison: Comparison) -> str:
    """Return the swept keys, and the numbers of settings and of repeats."""
    keys = [axis.key for axis in comparison.axes]
    counts = counted(len(comparison.settings), "setting")
    most = max((len(setting.outcomes) for setting in comparison.settings), default=0)
    repeats = f" × {counted(most, 'repeat')}" if most > 1 else ""
    return f"{few(keys, MOST_KEYS, ' × ')}, {counts}{repeats}" if keys else ""


def _command(sweep: Path) -> str:
    try:
        return " ".join(("aeexp", *map(str, Ledger(sweep).arguments())))
    except (ValueError, KeyError, TypeError):
        return ""


def _title(title: str, shown: int, total: int) -> str:
    return f"{title} ({shown} of {total})" if shown < total else title


def _varied(comparison: Comparison) -> Table:
    rows = [
        [
            Cell(override.key),
            Cell(_values(override)),
            number_cell(len(override.values)),
            Cell("repeat" if override.is_replication else "setting"),
        ]
        for override in comparison.varied
    ]
    return Table("What was varied", ["override", "values", "number of values", "role"], rows)


def _shared(comparison: Comparison) -> str:
    """Return the overrides that are the same in all runs."""
    varied = {override.key for override in comparison.varied}
    first = comparison.outcomes[0].overrides if comparison.outcomes else {}
    return " ".join(f"{key}={value}" for key, value in first.items() if key not in varied)


def _values(override: Varied) -> str:
    values = [*map(value_text, override.values)]
    if len(values) <= MAX_VALUES:
        return joined(values)
    return f"{joined(values[: MAX_VALUES - 1])}, …, {values[-1]}"


def _failures(comparison: Comparison, into: Path) -> Table:
    """Return the runs that did not complete, with the reason of each."""
    keys = [override.key for override in comparison.varied]
    rows = [
        [
            _link(run, into),
            Cell(run.status, status=True),
            Cell(run.reason),
            *(value_cell(value_text(run.overrides.get(key, ""))) for key in keys),
        ]
        for run in comparison.outcomes
        if not run.completed
    ]
    return Table("What did not complete", ["job", "status", "reason", *keys], rows)


def _settings(
    comparison: Comparison, settings: Sequence[Setting], metrics: Sequence[str], title: str
) -> Table:
    best = {name: _best_mean(comparison, name) for name in comparison.headlines}
    keys = [override.key for override in comparison.axes]
    rows = []
    for setting in settings:
        row = [
            *(value_cell(value_text(setting.overrides[key])) for key in keys),
            _completed(setting),
        ]
        for name in metrics:
            spread = setting.spread(name)
            row.append(spread_cell(spread, best=spread.mean == best.get(name)))
        rows.append(row)
    return Table(title, [*keys, "runs", *metrics], rows)


def _best_mean(comparison: Comparison, metric: str) -> float:
    """Return the best mean of a metric over the settings; NaN if fewer than two have one."""
    means = [setting.spread(metric).mean for setting in comparison.settings]
    means = [mean for mean in means if not isnan(mean)]
    choose = {Better.higher: max, Better.lower: min}.get(better(metric))
    return choose(means) if choose and len(means) > 1 else nan


def _completed(setting: Setting) -> Cell:
    """Return how many runs of a setting completed, and the statuses of the others."""
    completed, total = len(setting.completed), len(setting.outcomes)
    lost = Counter(run.status for run in setting.outcomes if not run.completed)
    if not lost:
        return Cell(f"{completed}", completed)
    counts = joined(f"{count} {status}" for status, count in lost.items())
    return Cell(f"{completed} of {total}, {counts}", completed)


def _runs(
    comparison: Comparison,
    runs: Sequence[Outcome],
    metrics: Sequence[str],
    into: Path,
    title: str,
) -> Table:
    several = len({run.sweep for run in comparison.outcomes}) > 1
    keys = [override.key for override in comparison.varied]
    links = [_figure_links(run, into) for run in runs]
    columns = ["job", *(["sweep"] if several else []), "status", *keys, *metrics]
    columns += ["verdict", "seconds", *(["figures"] if any(links) else [])]
    rows = [
        [
            _link(run, into),
            *([Cell(run.sweep.name)] if several else []),
            Cell(run.status, status=True),
            *(value_cell(value_text(run.overrides.get(key, ""))) for key in keys),
            *(number_cell(run.metrics.get(name)) for name in metrics),
            Cell(run.verdict),
            number_cell(run.seconds),
            *([Cell(links=figure_links)] if any(links) else []),
        ]
        for run, figure_links in zip(runs, links, strict=True)
    ]
    return Table(title, columns, rows)


def _link(run: Outcome, into: Path) -> Cell:
    """Return the number of a run, with a link to its report, or its directory without one."""
    links = {}
    if run.folder:
        report = run.folder / "report.html"
        place = address(report, into) if report.is_file() else f"{address(run.folder, into)}/"
        links = {f"{run.number}": place}
    return Cell(f"{run.number}", run.number, links)


def _figure_links(run: Outcome, into: Path) -> Mapping[str, str]:
    """Return the addresses of a run's main figures by their names."""
    folder = run.folder / "figures" if run.folder else None
    if folder is None or not folder.is_dir():
        return {}
    paths = {path.stem: path for path in folder.iterdir() if path.stem in FIGURES}
    return {name: address(paths[name], into) for name in FIGURES if name in paths}
