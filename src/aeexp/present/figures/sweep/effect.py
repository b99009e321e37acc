"""A metric by the value of one override."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
"""Height of a panel in inches."""
MOST_VALUES = 24
"""If an override has more values than this, means are over eighths of the runs."""
SHARES = 8
PCA_LOOK: dict[str, Any] = {"color": style.PALETTE[1], "ls": "--", "lw": 1.6}


@dataclass(frozen=True)
class Effect:
    """A metric by an override.

    points: the metric of the completed runs, by value. pca: the mean of the same metric of PCA, by
    value; empty if it was not measured.
    """

    varied: Varied
    metric: str
    points: Mapping[str, Sequence[float]]
    pca: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Return whether the values of the override are texts."""
        return self.varied.numbers is None

    @property
    def many(self) -> bool:
        """Return whether there are too many values for a mean of each."""
        return not self.is_text and len(self.varied.values) > MOST_VALUES


@style.styled
def effects(panels: Sequence[Effect], title: str, note: str) -> Figure:
    """Draw a dot for each run, and mean ± standard deviation at each value."""
    columns = min(ACROSS, len(panels))
    rows = ceil(len(panels) / columns)
    most = max(len(p.varied.values) * p.is_text for p in panels)
    wide = min(max({1: 6.4, 2: 4.0}.get(columns, 2.9), 0.75 * most), 8.0)
    margins = style.Margins(left=0.95, bottom=0.7, across=0.95, down=0.85)
    figure, grid = style.canvas((rows, columns), (wide, HIGH), margins)
    for i, panel in enumerate(panels):
        axes = figure.add_subplot(grid[i // columns, i % columns])
        lay_out(axes, panel.varied, wide)
        _draw(axes, panel)
        axes.set_xlabel(style.fit(panel.varied.key, wide, style.TEXT))
        axes.set_ylabel(style.fit(panel.metric, HIGH, style.TEXT))
    more = "many values: eighths of the runs" if any(p.many for p in panels) else ""
    style.headline(figure, title, note, more)
    return figure


def _draw(axes: Axes, panel: Effect) -> None:
    numbers = _dots(axes, panel)
    spreads = _shares(panel) if panel.many else _by_value(panel)
    deviations = [np.nan_to_num(summary.sd) for _, summary in spreads]
    look: dict[str, Any] = {"color": style.INK, "marker": "D", "ms": 6, "capsize": 4, "lw": 1.6}
    x, means = [place for place, _ in spreads], [summary.mean for _, summary in spreads]
    axes.errorbar(x, means, deviations, ls="" if panel.is_text else "-", zorder=3, **look)
    pca = {panel.varied.positions[value]: error for value, error in panel.pca.items()}
    if panel.is_text:
        axes.hlines([*pca.values()], [x - 0.35 for x in pca], [x + 0.35 for x in pca], **PCA_LOOK)
    else:
        axes.plot([*pca], [*pca.values()], **PCA_LOOK)
    scale(axes, "y", [*numbers, *pca.values()], 6)
    missing = [value for value, points in panel.points.items() if not points]
    for value in [] if panel.many else missing:
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


def _by_value(panel: Effect) -> list[tuple[float, Spread]]:
    spreads = {value: spread(points) for value, points in panel.points.items()}
    positions = panel.varied.positions
    return [(positions[value], summary) for value, summary in spreads.items() if summary.n]


def _shares(panel: Effect) -> list[tuple[float, Spread]]:
    """Return the spread of each eighth of the runs, sorted by value, at its median value."""
    positions, points = panel.varied.positions, panel.points
    runs = [(positions[value], y) for value, several in points.items() for y in several]
    parts = np.array_split(np.array(sorted(runs)), SHARES)
    return [(float(np.median(part[:, 0])), spread(part[:, 1])) for part in parts if len(part)]


def _dots(axes: Axes, panel: Effect) -> Floats:
    """Draw a dot for each run, left of the mean of its value; return the metric of all runs."""
    x = [
        panel.varied.positions[value]
        + (np.linspace(-0.3, -0.12, len(points)) if panel.is_text else np.zeros(len(points)))
        for value, points in panel.points.items()
    ]
    numbers = np.concatenate([np.empty(0), *panel.points.values()])
    inches = 0 if panel.is_text or panel.many else -0.11
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
