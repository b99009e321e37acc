"""Panels: axes with a single tick object, because matplotlib spends most time creating ticks."""

from itertools import compress
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis, YAxis
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec


class _OneTick(Axis):
    """An axis that draws its first tick object at all tick positions.

    A tick consists of three lines and two texts, and takes longer to create than to draw. Minor
    ticks and a common offset of the numbers are not drawn; the label keeps its position.
    """

    def reset_ticks(self) -> None:
        """Create the one major tick, and no minor ticks."""
        super().reset_ticks()
        self.minorTicks = []

    def draw(self, renderer: Any) -> None:
        """Draw the grid, the tick labels and the axis label."""
        if not self.get_visible():
            return
        [tick] = self.get_major_ticks(1)
        for place, text in shown_ticks(self):
            tick.update_position(place)
            tick.label1.set_text(text)
            tick.label2.set_text(text)
            tick.draw(renderer)
        self.label.draw(renderer)
        self.stale = False


class _X(_OneTick, XAxis):
    """The x axis of a panel."""


class _Y(_OneTick, YAxis):
    """The y axis of a panel."""


class Panel(Axes):
    """Axes with one tick object for x and y, as in the example `skewt` of matplotlib."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _X(self, clear=False), _Y(self, clear=False)
        for side, spine in self.spines.items():
            spine.register_axis(self.xaxis if side in {"bottom", "top"} else self.yaxis)


def panel(figure: Figure, place: SubplotSpec, **look: Any) -> Panel:
    """Add a panel to a figure."""
    axes = figure.add_subplot(place, axes_class=Panel, **look)
    assert isinstance(axes, Panel)
    return axes


def shown_ticks(axis: Axis) -> list[tuple[float, str]]:
    """Return the positions and labels of the ticks within the limits of an axis."""
    places = axis.get_majorticklocs().tolist()
    names = axis.get_major_formatter().format_ticks(places)
    scale = axis.get_transform()
    low, high = sorted(scale.transform(axis.get_view_interval()))
    rounding = 1e-10 * (high - low)
    inside = (low - rounding <= at <= high + rounding for at in scale.transform(places))
    return list(compress(zip(places, names, strict=True), inside))
