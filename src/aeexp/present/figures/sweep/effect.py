"""How a metric depends on one override."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.varied import Varied
from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.sweep.axis import lay_out, scale

ACROSS = 3
HIGH = 2.6
"""Inches that a panel is high."""
MOST_VALUES = 24
"""Of an override with more, runs are averaged over eighths."""
SHARES = 8


@dataclass(frozen=True)
class Panel:
    """A metric over an override. points: its values in the completed runs, by the override's."""

    varied: Varied
    metric: str
    points: Mapping[str, Sequence[float]]

    @property
    def words(self) -> bool:
        """Return whether the override's values are words."""
        return self.varied.numbers is None

    @property
    def many(self) -> bool:
        """Return whether the values are too many to take each by itself."""
        return not self.words and len(self.varied.values) > MOST_VALUES


@style.styled
def effects(panels: Sequence[Panel], title: str, note: str) -> Figure:
    """Draw a dot a run, and mean ± standard deviation at each value, of one or more panels."""
    columns = min(ACROSS, len(panels))
    rows = ceil(len(panels) / columns)
    most = max(len(p.varied.values) * p.words for p in panels)
    wide = min(max({1: 6.4, 2: 4.0}.get(columns, 2.9), 0.75 * most), 8.0)
    margins = style.Margins(left=0.95, bottom=0.7, across=0.95, down=0.85)
    figure, grid = style.canvas((rows, columns), (wide, HIGH), margins)
    for i, panel in enumerate(panels):
        axes = figure.add_subplot(grid[i // columns, i % columns])
        lay_out(axes, panel.varied, wide)
        _draw(axes, panel)
        axes.set_xlabel(style.fit(panel.varied.key, wide, style.TEXT))
        axes.set_ylabel(style.fit(panel.metric, HIGH, style.TEXT))
    more = "over eighths of the runs where values are many" if any(p.many for p in panels) else ""
    style.headline(figure, title, *filter(None, (note, more)))
    return figure


def _draw(axes: Axes, panel: Panel) -> None:
    numbers = _dots(axes, panel)
    spreads = _shares(panel) if panel.many else _by_value(panel)
    deviations = [0 if np.isnan(each.sd) else each.sd for _, each in spreads]
    look: dict[str, Any] = {"color": style.INK, "marker": "D", "ms": 6, "capsize": 4, "lw": 1.6}
    x, means = [place for place, _ in spreads], [each.mean for _, each in spreads]
    axes.errorbar(x, means, deviations, ls="" if panel.words else "-", zorder=3, **look)
    scale(axes, "y", numbers, 6)
    if not panel.many:
        _mark_missing(axes, panel)


def _by_value(panel: Panel) -> list[tuple[float, Spread]]:
    spreads = {value: spread(points) for value, points in panel.points.items()}
    return [(panel.varied.positions[value], each) for value, each in spreads.items() if each.n]


def _shares(panel: Panel) -> list[tuple[float, Spread]]:
    """Return the spread of each eighth of the runs, ordered by the value, at its median."""
    runs = [(panel.varied.positions[value], y) for value, of in panel.points.items() for y in of]
    parts = np.array_split(np.array(sorted(runs)), SHARES)
    return [(float(np.median(part[:, 0])), spread(part[:, 1])) for part in parts if len(part)]


def _dots(axes: Axes, panel: Panel) -> Floats:
    """Draw a dot a run, left of its value's diamond; over words side by side. Return all runs."""
    x = [_around(panel, value, len(points)) for value, points in panel.points.items()]
    numbers = np.concatenate([np.empty(0), *panel.points.values()])
    inches = 0 if panel.words or panel.many else -0.11
    axes.update_datalim([(panel.varied.positions[panel.varied.values[0]], y) for y in numbers])
    axes.scatter(
        np.concatenate(x),
        numbers,
        s=34 if len(numbers) < 100 else 12,
        color=style.PALETTE[0],
        alpha=0.55,
        lw=0,
        zorder=2,
        transform=axes.transData + ScaledTranslation(inches, 0, axes.figure.dpi_scale_trans),
        rasterized=len(numbers) > style.MANY,
    )
    return numbers


def _around(panel: Panel, value: str, count: int) -> Floats:
    place = panel.varied.positions[value]
    return place + (np.linspace(-0.3, -0.12, count) if panel.words else np.zeros(count))


def _mark_missing(axes: Axes, panel: Panel) -> None:
    for value in (value for value, points in panel.points.items() if not points):
        axes.text(
            panel.varied.positions[value],
            0.04,
            "no number",
            transform=axes.get_xaxis_transform(),
            rotation=90,
            ha="center",
            color=style.PALETTE[3],
            fontsize=style.SMALL,
        )
