"""The figures that compare settings, each with the table of its numbers."""

from collections.abc import Iterator, Sequence
from math import isclose, isfinite, nan

import numpy as np

from aeexp.analysis.spread import spread
from aeexp.analysis.sweep.comparison import BASELINES, Comparison
from aeexp.analysis.sweep.varied import Varied
from aeexp.config import metrics
from aeexp.config.metrics import Better
from aeexp.present.figures import sweep as draw
from aeexp.present.figures.sweep.pareto import front
from aeexp.present.html.figure import Figure, drawn_figure
from aeexp.present.html.table import Cell, Table, spread_cell, value_cell
from aeexp.present.text.conclusion import points_by
from aeexp.present.text.sweep import setting_lines, setting_text, value_text
from aeexp.text import joined

MAX_CELLS = 300
"""Size of the largest heat map that is legible."""
LOSSES = {"val_loss": "reconstruction.val.mse", "loss": "reconstruction.train.mse"}
ERRORS = ("reconstruction.val.mse", "reconstruction.train.mse")


def effects(comparison: Comparison) -> Iterator[Figure]:
    """Yield the figures that suit the number of overrides that vary."""
    axes = comparison.axes
    if len(axes) == 1:
        yield _one_override(comparison, axes[0])
    elif len(axes) == 2 and _fills_a_grid(comparison):
        for metric in _metrics(comparison):
            yield _two_overrides(comparison, metric)
    elif axes:
        yield _all_overrides(comparison)
        yield _averages(comparison)


def _metrics(comparison: Comparison) -> list[str]:
    """Return up to three metrics: the headline, the error if it differs, the agreement."""
    names = [name for name in comparison.headlines if not name.startswith("clustering.")]
    equal = all(
        isclose(run.metrics.get(names[0], nan), run.metrics.get(names[-1], nan), rel_tol=1e-4)
        for run in comparison.best
    )
    return [*(names[:1] if equal else names), *filter(None, [comparison.agreement])]


def _meaning(metric: str) -> str:
    """Return the name of a metric, its title and the direction in which it improves."""
    title = metrics.title(metric)
    name = metric if title == metric else f"{metric}, {title}"
    return f"{name}: {metrics.better(metric).sentence}"


def _one_override(comparison: Comparison, override: Varied) -> Figure:
    points = {name: points_by(comparison, override, name) for name in _metrics(comparison)}
    panels = [
        draw.Effect(override, metrics.title(name), by_value, _pca(comparison, override, name))
        for name, by_value in points.items()
    ]
    title = f"The effect of {override.key}"
    note = "dots: runs; diamonds: mean ± standard deviation over seeds" + _dashed(panels)
    rows = [
        [
            value_cell(value_text(value)),
            *(spread_cell(spread(by_value[value])) for by_value in points.values()),
        ]
        for value in override.values
    ]
    return drawn_figure(
        title,
        f"{joined(map(_meaning, points))}.",
        draw.effects(panels, title, note),
        Table(f"Mean ± standard deviation by {override.key}", [override.key, *points], rows),
    )


def _pca(comparison: Comparison, override: Varied, metric: str) -> dict[str, float]:
    """Return the mean of a metric of PCA by the value of an override; empty if it has none.

    The validation loss is that of PCA, too, if it is the mean squared error.
    """
    error = LOSSES.get(metric, metric)
    same = all(
        isclose(run.metrics.get(metric, nan), run.metrics.get(error, nan), rel_tol=1e-4)
        for run in comparison.best
    )
    name = BASELINES.get(error) if same else None
    points = points_by(comparison, override, name) if name else {}
    return {value: spread(errors).mean for value, errors in points.items() if errors}


def _dashed(panels: Sequence[draw.Effect]) -> str:
    return "; dashed: PCA with as many factors" if any(panel.pca for panel in panels) else ""


def _fills_a_grid(comparison: Comparison) -> bool:
    """Return whether a heat map of two overrides is legible, and at least half full."""
    cells = len(comparison.axes[0].values) * len(comparison.axes[1].values)
    return cells <= min(MAX_CELLS, 2 * len(comparison.settings))


def _two_overrides(comparison: Comparison, metric: str) -> Figure:
    # Columns need room: they are the override with numbers, or else the one with more values.
    down, across = sorted(
        comparison.axes, key=lambda override: (override.numbers is not None, len(override.values))
    )
    cells = {
        (setting.overrides[down.key], setting.overrides[across.key]): setting.spread(metric)
        for setting in comparison.settings
    }
    rows = [
        [
            value_cell(value_text(row)),
            *(
                spread_cell(cells[row, column]) if (row, column) in cells else Cell()
                for column in across.values
            ),
        ]
        for row in down.values
    ]
    columns = [down.key, *(f"{across.key}={value_text(column)}" for column in across.values)]
    title = f"{metric} by {down.key} and {across.key}"
    rising = metrics.better(metric) is Better.higher
    return drawn_figure(
        title,
        f"{_meaning(metric)}.",
        draw.grid(down, across, cells, metrics.title(metric), rising=rising),
        Table(f"{title}: mean ± standard deviation", columns, rows),
    )


def _all_overrides(comparison: Comparison) -> Figure:
    metric, ranked = comparison.headline or "", comparison.ranked
    keys = [override.key for override in comparison.axes]
    rows = [
        [
            *(value_cell(value_text(setting.overrides[key])) for key in keys),
            spread_cell(setting.spread(metric)),
        ]
        for setting in ranked
    ]
    return drawn_figure(
        "All settings at once",
        f"A line from left to right is a setting. {_meaning(metric)}.",
        draw.parallel(
            comparison.axes,
            [setting.overrides for setting in ranked],
            np.array([comparison.mean(setting) for setting in ranked]),
            metrics.title(metric),
        ),
        Table(f"{metric} by setting", [*keys, metric], rows),
    )


def _averages(comparison: Comparison) -> Figure:
    metric = comparison.headline or ""
    panels = [
        draw.Effect(
            override,
            metrics.title(metric),
            points_by(comparison, override),
            _pca(comparison, override, metric),
        )
        for override in comparison.axes
    ]
    rows = [
        [Cell(panel.varied.key), value_cell(value_text(value)), spread_cell(spread(numbers))]
        for panel in panels
        for value, numbers in panel.points.items()
    ]
    note = "dots: runs; diamonds: mean ± standard deviation over everything else that varied"
    note += _dashed(panels)
    title = "The average effect of each override"
    return drawn_figure(
        title,
        "Averages over all other overrides. Where combinations are missing, a difference may come"
        " from another override.",
        draw.effects(panels, title, note),
        Table(f"{metric} by value", ["override", "value", metric], rows),
    )


def trade_off(comparison: Comparison) -> Iterator[Figure]:
    """Yield the error against what it is weighed against, if both were measured."""
    error = next(filter(comparison.comparable, ERRORS), None)
    trustworthiness = [name for name in comparison.metrics if "trustworthiness" in name]
    held_out = [name for name in trustworthiness if ".val" in name]
    gain = next(filter(comparison.has_metric, [*held_out, *trustworthiness]), comparison.agreement)
    if error is None or gain is None:
        return
    spreads = [(s, s.spread(error), s.spread(gain)) for s in comparison.settings]
    spreads = [s for s in spreads if isfinite(s[1].mean) and isfinite(s[2].mean)]
    if len(spreads) < 3:
        return
    x = np.array([error_spread.mean for _, error_spread, _ in spreads])
    y = np.array([gain_spread.mean for _, _, gain_spread in spreads])
    rows = [
        [
            Cell(setting_text(setting)),
            spread_cell(error_spread),
            spread_cell(gain_spread),
            Cell("yes" if optimal else "no"),
        ]
        for (setting, error_spread, gain_spread), optimal in zip(spreads, front(x, y), strict=True)
    ]
    names = [" ".join(setting_lines(setting)) for setting, _, _ in spreads]
    yield drawn_figure(
        "The trade-off between the best settings",
        f"Lower right is worse. No setting is better in both than a setting on the front: any"
        f" gain in {error} costs {gain}, and the other way round.",
        draw.pareto(x, y, (metrics.title(error), metrics.title(gain)), names),
        Table("Settings and the front", ["setting", error, gain, "on the front"], rows),
    )
