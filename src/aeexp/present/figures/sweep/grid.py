"""A metric by the values of two overrides."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aeexp.analysis.spread import Spread
from aeexp.analysis.sweep.varied import Varied
from aeexp.present.figures import style
from aeexp.present.figures.sweep.axis import norm
from aeexp.present.text.sweep import spread_text, value_text

Cells = Mapping[tuple[str, str], Spread]

LONGEST = 2.0
"""Greatest width in inches of the name of a row."""
RIGHT = 1.5
"""Width in inches of the margin with the colour bar."""


@style.styled
def grid(down: Varied, across: Varied, cells: Cells, metric: str, *, rising: bool) -> Figure:
    """Draw the mean of a metric as colour and number, with its deviation; the best is framed.

    cells: by the values of `down` and `across`; combinations that were not run, or have no
    number, are labelled so. rising: whether more of the metric is better.
    """
    shape = (len(down.values), len(across.values))
    means = np.full(shape, np.nan)
    for (y, x), cell in _places(down, across):
        if cell in cells:
            means[y, x] = cells[cell].mean
    scale = ScalarMappable(norm(means), style.VALUES)
    wide, high = min(max(0.95, 3.6 / shape[1]), 1.7), min(max(0.55, 2.4 / shape[0]), 1.1)
    figure, axes = _axes(down, across, (wide, high))
    shown_means = np.ma.masked_invalid(means)
    axes.imshow(scale.to_rgba(shown_means), aspect="auto")
    for (y, x), cell in _places(down, across):
        _write(axes, (x, y), cells.get(cell), scale)
    best = np.unravel_index(np.nanargmax(means if rising else -means), shape)
    look: dict[str, Any] = {"fill": False, "ec": style.PALETTE[3], "lw": 3.5, "clip_on": False}
    axes.add_patch(Rectangle((best[1] - 0.5, best[0] - 0.5), 1, 1, **look))
    width, height = figure.get_size_inches()
    place = axes.get_position()
    at = (width - RIGHT + 0.2, height * place.y0, height * place.height)
    style.colour_bar(figure, at, scale, metric)
    title = f"{metric.partition(' (')[0]} by {down.key} and {across.key}"
    style.headline(figure, title, "mean ± standard deviation over seeds; framed: the best")
    return figure


def _places(down: Varied, across: Varied) -> Iterator[tuple[tuple[int, int], tuple[str, str]]]:
    """Yield the position (row, column) of each combination of values."""
    for y, row in enumerate(down.values):
        for x, column in enumerate(across.values):
            yield (y, x), (row, column)


def _axes(down: Varied, across: Varied, cell: tuple[float, float]) -> tuple[Figure, Axes]:
    (wide, high), names = cell, [value_text(value) for value in down.values]
    left = min(LONGEST, style.widest(names, style.SMALL)) + 0.65
    size = (len(across.values) * wide, len(names) * high)
    figure, grid = style.canvas((1, 1), size, style.Margins(left=left, bottom=0.62, right=RIGHT))
    axes = figure.add_subplot(grid[0])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    style.name_ticks(axes.yaxis, names, high, LONGEST)
    style.name_ticks(axes.xaxis, [*map(value_text, across.values)], wide, 0.92 * wide)
    style.label_panels(
        figure,
        style.fit(across.key, size[0], style.TEXT),
        style.fit(down.key, size[1] + 0.6, style.TEXT),
    )
    return figure, axes


def _write(axes: Axes, at: tuple[int, int], spread: Spread | None, scale: ScalarMappable) -> None:
    if spread is None or not spread.n:
        text, ink = "no number" if spread else "not run", style.INK
    else:
        ink = style.ink_on(np.array(scale.to_rgba(np.array(spread.mean))))
        mean, _, rest = spread_text(spread).partition(" (")[0].partition(" ± ")
        text = f"{mean}\n± {rest}" if rest else mean
    axes.text(*at, text, color=ink, fontsize=style.SMALL, ha="center", va="center")
