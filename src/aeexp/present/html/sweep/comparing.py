"""The figures that compare settings, and the tables behind them."""

from collections.abc import Iterator, Sequence
from math import isclose, isfinite, nan

import numpy as np

from aeexp.analysis.spread import spread
from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.varied import Varied
from aeexp.config import metrics
from aeexp.config.metrics import Better
from aeexp.present.figures import sweep as figures
from aeexp.present.figures.sweep.pareto import front
from aeexp.present.html.sweep.picture import Picture, picture
from aeexp.present.html.sweep.sheet import spread_out
from aeexp.present.html.table import Cell, Sheet, said
from aeexp.present.text.conclusion import points_by
from aeexp.present.text.sweep import setting_lines, setting_text, value_text
from aeexp.text import joined

MOST_CELLS = 300
"""Of a heat map that can be read."""
ERRORS = ("reconstruction.val.mse", "reconstruction.train.mse")


def compared(comparison: Comparison) -> Iterator[Picture]:
    """Yield what suits the number of overrides that make settings."""
    axes = comparison.axes
    if len(axes) == 1:
        yield _one(comparison, axes[0])
    elif len(axes) == 2 and _fills_a_grid(comparison):
        for metric in pictured(comparison):
            yield _two(comparison, axes[0], axes[1], metric)
    elif axes:
        yield _many(comparison)
        yield _marginal(comparison)


def pictured(comparison: Comparison) -> list[str]:
    """Return up to three metrics to draw: the headline, the error if it is another, agreement."""
    names = [name for name in comparison.headlines if not name.startswith("clustering.")]
    told = names[:1] if _same(comparison, names) else names
    return [*told, *filter(None, [comparison.agreement])]


def _same(comparison: Comparison, names: Sequence[str]) -> bool:
    return all(
        isclose(run.metrics.get(names[0], nan), run.metrics.get(names[-1], nan), rel_tol=1e-4)
        for run in comparison.best
    )


def read(metric: str) -> str:
    """Say what a metric is, and which way it is read."""
    named = metrics.title(metric)
    what = metric if named == metric else f"{metric}, {named}"
    return f"{what}: {metrics.better(metric).sentence}"


def _one(comparison: Comparison, varied: Varied) -> Picture:
    names = pictured(comparison)
    points = {metric: points_by(comparison, varied, metric) for metric in names}
    panels = [figures.Panel(varied, metrics.title(metric), of) for metric, of in points.items()]
    note = "dots: runs; diamonds: mean ± standard deviation over seeds"
    rows = [
        [said(value_text(value)), *(spread_out(spread(of[value])) for of in points.values())]
        for value in varied.values
    ]
    return picture(
        f"The effect of {varied.key}",
        f"{joined(map(read, names))}.",
        figures.effects(panels, f"The effect of {varied.key}", note),
        Sheet(f"Mean ± standard deviation by {varied.key}", [varied.key, *names], rows),
    )


def _fills_a_grid(comparison: Comparison) -> bool:
    """Return whether a heat map of two overrides would be legible, and not mostly empty."""
    cells = len(comparison.axes[0].values) * len(comparison.axes[1].values)
    return cells <= min(MOST_CELLS, 2 * len(comparison.settings))


def _two(comparison: Comparison, one: Varied, other: Varied, metric: str) -> Picture:
    down, across = sorted((one, other), key=_breadth)
    cells = {
        (setting.overrides[down.key], setting.overrides[across.key]): setting.spread(metric)
        for setting in comparison.settings
    }
    rows = [
        [
            said(value_text(row)),
            *(
                spread_out(cells[row, column]) if (row, column) in cells else Cell()
                for column in across.values
            ),
        ]
        for row in down.values
    ]
    columns = [down.key, *(f"{across.key}={value_text(column)}" for column in across.values)]
    title = f"{metric} by {down.key} and {across.key}"
    return picture(
        title,
        f"{read(metric)}.",
        figures.grid(
            down,
            across,
            cells,
            metrics.title(metric),
            rising=metrics.better(metric) is Better.higher,
        ),
        Sheet(f"{title}: mean ± standard deviation", columns, rows),
    )


def _breadth(varied: Varied) -> tuple[bool, int]:
    """Return what is greater for the override that is laid out from left to right."""
    return varied.numbers is not None, len(varied.values)


def _many(comparison: Comparison) -> Picture:
    metric, ranked = comparison.headline or "", comparison.ranked
    means = np.array([comparison.mean(setting) for setting in ranked])
    keys = [each.key for each in comparison.axes]
    rows = [
        [
            *(said(value_text(setting.overrides[key])) for key in keys),
            spread_out(setting.spread(metric)),
        ]
        for setting in ranked
    ]
    return picture(
        "All settings at once",
        f"Follow a line from left to right to read a setting. {read(metric)}.",
        figures.parallel(
            comparison.axes,
            [setting.overrides for setting in ranked],
            means,
            metrics.title(metric),
        ),
        Sheet(f"{metric} by setting", [*keys, metric], rows),
    )


def _marginal(comparison: Comparison) -> Picture:
    metric = comparison.headline or ""
    points = {each: points_by(comparison, each) for each in comparison.axes}
    panels = [figures.Panel(each, metrics.title(metric), of) for each, of in points.items()]
    rows = [
        [Cell(each.key), said(value_text(value)), spread_out(spread(numbers))]
        for each, of in points.items()
        for value, numbers in of.items()
    ]
    note = "dots: runs; diamonds: mean ± standard deviation over everything else that varied"
    return picture(
        "Each setting by itself",
        "The others are averaged over: where not all combinations were run or completed, a "
        "difference may be theirs.",
        figures.effects(panels, "Each setting by itself", note),
        Sheet(f"{metric} by value", ["override", "value", metric], rows),
    )


def traded(comparison: Comparison) -> Iterator[Picture]:
    """Yield what is given up for what, where there is an error and something to gain."""
    error = next(filter(comparison.comparable, ERRORS), None)
    gain = _gain(comparison)
    if error is None or gain is None:
        return
    spreads = [(each, each.spread(error), each.spread(gain)) for each in comparison.settings]
    known = [each for each in spreads if isfinite(each[1].mean) and isfinite(each[2].mean)]
    if len(known) < 3:
        return
    x = np.array([one.mean for _, one, _ in known])
    y = np.array([other.mean for _, _, other in known])
    on_front = front(x, y)
    rows = [
        [
            Cell(setting_text(setting)),
            spread_out(one),
            spread_out(other),
            Cell("yes" if best else "no"),
        ]
        for (setting, one, other), best in zip(known, on_front, strict=True)
    ]
    names = [" ".join(setting_lines(setting)) for setting, _, _ in known]
    yield picture(
        "What the best settings trade",
        f"Down and to the right is worse. A setting on the front is bettered in {error} only at "
        f"the price of {gain}, and the other way round.",
        figures.pareto(x, y, (metrics.title(error), metrics.title(gain)), names),
        Sheet("Settings and the front", ["setting", error, gain, "on the front"], rows),
    )


def _gain(comparison: Comparison) -> str | None:
    """Return the metric that error is weighed against: neighbourhoods kept, or agreement."""
    names = [name for name in comparison.metrics if "trustworthiness" in name]
    held_out = [name for name in names if ".val" in name]
    return next(filter(comparison.known, [*held_out, *names]), comparison.agreement)
