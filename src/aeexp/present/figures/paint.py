"""How rows are coloured by what they are known or found to be, and the key to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from aeexp.data.dataset import Classes, Floats, Integers, Labels, Values
from aeexp.present.figures import style

KEY = 2.6
"""Width in inches of a key, which stands at the right of a figure."""

FADED = 0.2
"""How opaque a row is drawn that is not to be trusted."""

Colours = Sequence[int | None]
Entry = tuple[str, int, str, str]
"""Of a legend: the name of a class, how many rows it has, its colour and its marker."""
CROSS = "x"
"""The marker of noise, and of rows without a value."""
SHAPES = "o", "s", "^", "D", "v", "P", "<", "h", ">", "p"
GREYS = "0.3", "0.65", "0.4", "0.75"
"""The markers and the shades of classes that are grey, one after another; all others have the
first marker and a colour."""


@dataclass(frozen=True)
class Paint:
    """How the shown rows of a figure are drawn.

    colours: (rows, 4). markers: (rows,). groups: the colour and the rows of each part of a
    histogram. key: the entries of the legend, or the scale of the colour bar; no entries when all
    rows are alike.
    """

    colours: Floats
    markers: NDArray[np.str_]
    groups: Sequence[tuple[Any, NDArray[np.bool_]]]
    key: Sequence[Entry] | ScalarMappable = ()

    def faded(self, trusted: NDArray[np.bool_]) -> Self:
        """Return the same with the rows that are not trusted pale. trusted: (rows,)."""
        colours = self.colours.copy()
        colours[~trusted, 3] *= FADED
        groups = [
            part
            for colour, rows in self.groups
            for part in ((colour, rows & trusted), ((colour, FADED), rows & ~trusted))
            if part[1].any()
        ]
        return replace(self, colours=colours, groups=groups)

    def scatter(self, axes: Any, points: Floats, size: float) -> None:
        """Draw the rows as points, the noise behind.

        axes: of 2 or 3 dimensions. points: (rows, 2 or 3). size: that of a dot in points².
        """
        rims = self.colours * [0.6, 0.6, 0.6, 1]  # lest pale dots are lost on white
        many = len(points) > style.MANY
        for marker in (CROSS, *reversed(SHAPES)):
            rows = self.markers == marker
            look: dict[str, Any] = {"edgecolors": rims[rows], "lw": size / 60, "zorder": 2}
            if marker == CROSS:
                look = {"lw": 1, "zorder": 1}
            if rows.any():
                look |= {"c": self.colours[rows], "marker": marker, "rasterized": many}
                axes.scatter(*points[rows].T, s=size, **look)

    def histogram(self, axes: Axes, z: Floats, edges: Floats) -> None:
        """Draw how many rows of each group, one on top of the other, have which value."""
        below = np.zeros(len(edges) - 1)
        for colour, rows in self.groups:
            above = below + np.histogram(z[rows], edges)[0]
            axes.stairs(above, edges, baseline=below, fill=True, color=colour)
            below = above


def paint(groups: Labels | None, rows: Integers, colours: Colours | None = None) -> Paint:
    """Choose how the shown `rows` are drawn.

    colours: the number of each class's colour, None for grey.
    """
    match groups:
        case Classes():
            numbers = range(len(groups.names)) if colours is None else colours
            return _by_class(groups, rows, numbers)
        case Values():
            return _by_value(groups, rows)
        case None:
            return _alike(to_rgba_array([style.PALETTE[0]] * len(rows)))


def _alike(colours: Floats) -> Paint:
    every = np.ones(len(colours), bool)
    return Paint(colours, np.full(len(colours), SHAPES[0]), [(style.PALETTE[0], every)])


def _by_class(classes: Classes, rows: Integers, numbers: Colours) -> Paint:
    names = [*classes.names, classes.none]  # the last is also at -1, here and below
    grey = zip(cycle(GREYS), cycle(SHAPES), strict=True)
    looks = [next(grey) if n is None else (style.class_colour(n), SHAPES[0]) for n in numbers]
    hues, markers = zip(*looks, (style.NOISE, CROSS), strict=True)
    codes, counts = np.unique(classes.codes, return_counts=True)
    shown = classes.codes[rows]
    return Paint(
        colours=to_rgba_array(hues)[shown],
        markers=np.array(markers)[shown],
        groups=[(hues[code], shown == code) for code in codes],
        key=[
            (names[code], count, hues[code], markers[code])
            for code, count in zip(codes, counts, strict=True)
        ],
    )


def _by_value(values: Values, rows: Integers) -> Paint:
    known, shown = values.values[np.isfinite(values.values)], values.values[rows]
    limits = (known.min(), known.max()) if known.size else (0, 1)
    scale = ScalarMappable(Normalize(*limits), style.VALUES)
    none = ~np.isfinite(shown)
    colours = scale.to_rgba(np.nan_to_num(shown))
    colours[none] = to_rgba(style.NOISE)
    return replace(_alike(colours), markers=np.where(none, CROSS, SHAPES[0]), key=scale)


def draw_key(
    figure: Figure, name: str, key: Sequence[Entry] | ScalarMappable, high: float
) -> None:
    """Draw the legend or the colour bar of `name` at the right; high: its room in inches."""
    if isinstance(key, ScalarMappable):
        x, y = figure.get_size_inches()
        high = min(4.0, high - 0.3)
        style.colour_bar(figure, (x - KEY + 0.5, y * _top(figure) - 0.15 - high, high), key, name)
    elif key:
        _draw_legend(figure, name, key, high)


def _top(figure: Figure) -> float:
    """Return where the highest panel ends, as a share of the figure's height."""
    return max(axes.get_position().y1 for axes in figure.axes)


def _draw_legend(figure: Figure, name: str, entries: Sequence[Entry], high: float) -> None:
    """Draw a legend of as many classes as two columns hold, in one column if that holds them."""
    x, y = figure.get_size_inches()
    rows = int(high / (style.SMALL * style.LINE)) - 2
    shown, left_out = entries[: 2 * rows], max(0, len(entries) - 2 * rows)
    columns = 1 if len(shown) <= rows else 2
    room = (KEY - 0.4) / columns - 0.3
    size = style.TEXT if len(shown) <= 12 else style.SMALL
    title = style.fit(name, KEY - 0.5, style.TEXT)
    figure.legend(
        [_handle(*look) for _, _, *look in shown],
        [_text(name, count, room, size) for name, count, *_ in shown],
        title=f"{title}\n(and {left_out} more)" if left_out else title,
        loc="upper left",
        bbox_to_anchor=(1 - (KEY - 0.4) / x, _top(figure) + 0.05 / y),
        borderaxespad=0,
        borderpad=0,
        alignment="left",
        ncols=columns,
        fontsize=size,
        handletextpad=0.2,
        handlelength=1.2,
        columnspacing=0.8,
    )


def _handle(colour: str, marker: str) -> Line2D:
    return Line2D([], [], ls="", marker=marker, color=colour, ms=7)


def _text(name: str, count: int, room: float, size: float) -> str:
    """Return the name, as much of it as fits, and the count where that leaves it room."""
    tail = f" ({count:,})" if room > 1 else ""
    return style.fit(name, room - style.width(tail, size), size) + tail
