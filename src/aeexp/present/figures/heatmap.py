"""A table as coloured cells, with the numbers in the cells if they fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

Names = tuple[Sequence[str], Sequence[str]]
"""Names of the rows, and names of the columns."""
Size = tuple[float, float]
"""Width and height in inches."""

LONGEST = 2.2
"""Greatest width in inches of the name of a row or a slanting name of a column."""
RIGHT = 1.45
"""Width in inches of the margin with the colour bar."""


def heat_map(
    numbers: Floats | Integers,
    names: Names,
    scale: ScalarMappable,
    label: str,
    aside: float = 0.0,
) -> tuple[Figure, Axes]:
    """Return a figure with a heat map and a colour bar, and the axes of the heat map.

    numbers: (rows, columns). label: of the colour bar. aside: inches that are left free between
    the heat map and the colour bar.
    """
    rows, columns = numbers.shape
    cell = max(min(1.3, 6.5 / columns), 3.6 / columns), min(0.65, 6.4 / rows)
    figure, axes = _axes(names, cell, RIGHT + aside)
    edges = np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5
    low, high = scale.get_clim()
    look: dict[str, Any] = {"vmin": low, "vmax": high, "cmap": scale.cmap, "rasterized": True}
    axes.pcolormesh(*edges, numbers, **look)
    axes.set(xlim=edges[0][[0, -1]], ylim=edges[1][[-1, 0]])
    _write(axes, numbers, scale, cell)
    x, y = figure.get_size_inches()
    place = axes.get_position()
    position = x - RIGHT + 0.2, y * place.y0, y * place.height
    style.colour_bar(figure, position, scale, label, integers=_are_counts(numbers))
    return figure, axes


def _axes(names: Names, cell: Size, right: float) -> tuple[Figure, Axes]:
    """Return axes with names; the names of columns slant unless each fits its column."""
    (down, across), (wide, high) = names, cell
    left, below = (min(LONGEST, style.widest(side, style.SMALL)) for side in names)
    slanting = below > 0.95 * wide
    margins = style.Margins(
        left=max(left + 0.55, 0.8 * below - wide / 2 if slanting else 0),
        right=right,
        bottom=0.65 + 0.65 * below if slanting else 0.7,
    )
    figure, grid = style.canvas((1, 1), (len(across) * wide, len(down) * high), margins)
    axes = panel(figure, grid[0])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    style.name_ticks(axes.yaxis, down, high, LONGEST)
    if slanting:
        look = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
        style.name_ticks(axes.xaxis, across, 0.64 * wide, LONGEST, **look)
    else:
        style.name_ticks(axes.xaxis, across, wide, LONGEST)
    style.place_labels(axes, below=0.24 + 0.65 * below * slanting, left=left + 0.11)
    return figure, axes


def _write(axes: Axes, numbers: Floats | Integers, scale: ScalarMappable, cell: Size) -> None:
    """Write the numbers into the cells if all of them fit: counts in full, others rounded."""
    wide, high = cell
    if _are_counts(numbers):
        template = "{:,}"
    else:
        template = "{:z.2f}" if 0.1 <= np.abs(numbers).max(initial=0) < 100 else "{:.2g}"
    texts = [template.format(number) for number in numbers.flat]
    sizes = [
        size
        for size in (style.TEXT, style.SMALL)
        if size * style.LINE <= high and style.widest(texts, size) <= 0.9 * wide
    ]
    if sizes:
        colours = scale.to_rgba(numbers).reshape(-1, 4)
        for (y, x), text, colour in zip(np.ndindex(numbers.shape), texts, colours, strict=True):
            ink = style.ink_on(colour)
            axes.text(x, y, text, color=ink, fontsize=sizes[0], ha="center", va="center")


def _are_counts(numbers: Floats | Integers) -> bool:
    return np.issubdtype(numbers.dtype, np.integer)
