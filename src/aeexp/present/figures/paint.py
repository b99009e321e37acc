"""Colours and markers of rows by their class or value, the legend, and unreliable results."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any, NamedTuple, Self

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
"""Width in inches of the legend or colour bar at the right of a figure."""
FADED = 0.2
"""Opacity of an unreliable row."""
CROSS = "x"
"""The marker of noise, and of rows without a value."""
SHAPES = "o", "s", "^", "D", "v", "P", "<", "h", ">", "p"
GREYS = "0.3", "0.65", "0.4", "0.75"
"""Markers and shades of grey classes, in turn; all other classes have the first marker."""
PLACE = "with other neighbours than in the features"
"""Why a row is unreliable wherever it is drawn."""

Colours = Sequence[int | None]
"""The number of the colour of each class, None for grey."""


class Entry(NamedTuple):
    """An entry of a legend: a class with its number of rows, its colour and its marker."""

    name: str
    rows: int
    colour: str
    marker: str


@dataclass(frozen=True)
class Unreliable:
    """Rows, factors and clusters that are drawn in another way, most as they are unreliable.

    rows: (rows,), True for an unreliable row; None if all rows are reliable. factors, clusters:
    numbers, from 0, of factors and clusters that other trainings do not reproduce. reason: why
    rows are unreliable, as a phrase that follows "rows". held_out: (rows,), rows that are drawn
    in a ring; None or all for no rings.
    """

    rows: NDArray[np.bool_] | None = None
    factors: Collection[int] = ()
    clusters: Collection[int] = ()
    reason: str = PLACE
    held_out: NDArray[np.bool_] | None = None

    def name(self, factor: int) -> str:
        """Return the name of a factor, with a star if it is unreliable."""
        return f"z{factor + 1}{'*' if factor in self.factors else ''}"

    @property
    def note(self) -> Iterator[str]:
        """Yield the meaning of the star, if there is one."""
        if self.factors or self.clusters:
            yield "* not reproduced by other trainings"


@dataclass(frozen=True)
class Trajectory(Values):
    """The time of each row. sessions: the rows of each session in the order of time."""

    sessions: Sequence[Integers] = ()


LINE: Mapping[str, Any] = {"color": "0.75", "lw": 0.5, "zorder": 0.5}
"""Of rows that follow one another."""


@dataclass(frozen=True)
class Paint:
    """Colours and markers of the rows in a figure.

    colours: (rows, 4). markers: (rows,). groups: for each part of a histogram, its colour and a
    mask (rows,). key: the entries of the legend, or the scale of the colour bar; empty if all
    rows have the same colour. lines: the factors (rows, factors) of rows that follow one another.
    ringed: (rows,), rows in a ring, or (0,) for none.
    """

    colours: Floats
    markers: NDArray[np.str_]
    groups: Sequence[tuple[Any, NDArray[np.bool_]]]
    key: Sequence[Entry] | ScalarMappable = ()
    lines: Sequence[Floats] = ()
    ringed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def faded(self, reliable: NDArray[np.bool_]) -> Self:
        """Return a copy in which unreliable rows are pale. reliable: (rows,)."""
        colours = self.colours.copy()
        colours[~reliable, 3] *= FADED
        groups = [
            part
            for colour, rows in self.groups
            for part in ((colour, rows & reliable), ((colour, FADED), rows & ~reliable))
            if part[1].any()
        ]
        return replace(self, colours=colours, groups=groups)

    def scatter(self, axes: Any, points: Floats, size: float) -> None:
        """Draw the rows as points, noise behind the others.

        axes: with 2 or 3 dimensions. points: (rows, 2 or 3). size: of a dot in points².
        """
        rims = self.colours * [0.6, 0.6, 0.6, 1]  # pale dots need a darker rim on white
        rasterized = len(points) > style.MANY
        for marker in (CROSS, *reversed(SHAPES)):
            rows = self.markers == marker
            look: dict[str, Any] = {"edgecolors": rims[rows], "lw": size / 60, "zorder": 2}
            if marker == CROSS:
                look = {"lw": 1, "zorder": 1}
            if rows.any():
                look |= {"c": self.colours[rows], "marker": marker, "rasterized": rasterized}
                axes.scatter(*points[rows].T, s=size, **look)
        if self.ringed.any():
            ring = {"facecolors": "none", "edgecolors": style.INK, "lw": 0.7, "zorder": 3}
            axes.scatter(*points[self.ringed].T, s=2.2 * size, rasterized=rasterized, **ring)

    def histogram(self, axes: Axes, z: Floats, edges: Floats) -> None:
        """Draw a stacked histogram of the groups. z: (rows,)."""
        below = np.zeros(len(edges) - 1)
        for colour, rows in self.groups:
            above = below + np.histogram(z[rows], edges)[0]
            axes.stairs(above, edges, baseline=below, fill=True, color=colour)
            below = above


def paint(groups: Labels | None, rows: Integers, colours: Colours | None = None) -> Paint:
    """Return the colours and markers of the shown `rows`.

    groups: a class or a value for each row of the table. colours: by default the number of the
    class.
    """
    match groups:
        case Classes():
            numbers = range(len(groups.names)) if colours is None else colours
            return _by_class(groups, rows, numbers)
        case Values():
            return _by_value(groups, rows)
        case None:
            return _dots(to_rgba_array([style.PALETTE[0]] * len(rows)))


def _dots(colours: Floats) -> Paint:
    every = np.ones(len(colours), bool)
    return Paint(colours, np.full(len(colours), SHAPES[0]), [(style.PALETTE[0], every)])


def _by_class(classes: Classes, rows: Integers, numbers: Colours) -> Paint:
    names = [*classes.names, classes.none]  # code -1 is the last, also of hues and markers
    grey = zip(cycle(GREYS), cycle(SHAPES), strict=True)
    looks = [next(grey) if n is None else (style.class_colour(n), SHAPES[0]) for n in numbers]
    hues, markers = zip(*looks, (style.NOISE, CROSS), strict=True)
    counts = zip(*np.unique(classes.codes, return_counts=True), strict=True)
    key = [Entry(names[code], count, hues[code], markers[code]) for code, count in counts]
    shown = classes.codes[rows]
    return Paint(
        colours=to_rgba_array(hues)[shown],
        markers=np.array(markers)[shown],
        groups=[(hues[code], shown == code) for code in np.unique(classes.codes)],
        key=key,
    )


def _by_value(values: Values, rows: Integers) -> Paint:
    finite, shown = values.values[np.isfinite(values.values)], values.values[rows]
    limits = (finite.min(), finite.max()) if finite.size else (0, 1)
    scale = ScalarMappable(Normalize(*limits), style.VALUES)
    missing = ~np.isfinite(shown)
    colours = scale.to_rgba(np.nan_to_num(shown))
    colours[missing] = to_rgba(style.NOISE)
    return replace(_dots(colours), markers=np.where(missing, CROSS, SHAPES[0]), key=scale)


def draw_key(
    figure: Figure, name: str, key: Sequence[Entry] | ScalarMappable, height: float
) -> None:
    """Draw the legend or the colour bar of `name` at the right, at most `height` inches high."""
    x, y = figure.get_size_inches()
    top = y * max(axes.get_position().y1 for axes in figure.axes)
    if isinstance(key, ScalarMappable):
        height = min(4.0, height - 0.3)
        style.colour_bar(figure, (x - KEY + 0.5, top - 0.15 - height, height), key, name)
    elif key:
        _draw_legend(figure, name, key, height, y - top)


def _draw_legend(
    figure: Figure, name: str, entries: Sequence[Entry], height: float, down: float
) -> None:
    """Draw a legend with one or two columns, and the number of classes that do not fit.

    down: inches from the top of the figure to the legend.
    """
    rows = int(height / (style.SMALL * style.LINE)) - 2
    shown, left_out = entries[: 2 * rows], max(0, len(entries) - 2 * rows)
    columns = 1 if len(shown) <= rows else 2
    room = (KEY - 0.4) / columns - 0.3
    size = style.TEXT if len(shown) <= 12 else style.SMALL
    texts = []
    for entry in shown:
        count = f" ({entry.rows:,})" if room > 1 else ""
        texts.append(style.fit(entry.name, room - style.width(count, size), size) + count)
    title = style.fit(name, KEY - 0.5, style.TEXT)
    style.legend(
        figure,
        [Line2D([], [], ls="", marker=e.marker, color=e.colour, ms=7) for e in shown],
        texts,
        left=figure.get_figwidth() - KEY + 0.4,
        down=down - 0.05,
        title=f"{title}\n(and {left_out} more)" if left_out else title,
        borderaxespad=0,
        borderpad=0,
        alignment="left",
        ncols=columns,
        fontsize=size,
        handletextpad=0.2,
        handlelength=1.2,
        columnspacing=0.8,
    )
