"""Panels: axes without what most of the time of matplotlib's goes into, the making of ticks."""

from itertools import compress
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis, YAxis
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec


class _OneTick(Axis):
    """An axis that draws its first tick at one place after another.

    A tick is three lines and two texts, and takes longer to make than to draw. Minor ticks are
    not drawn, nor is an offset that the numbers have in common; the label stays where it was put.
    """

    def reset_ticks(self) -> None:
        """Start with the tick that is drawn, and none of the minor ones, which never are."""
        super().reset_ticks()
        self.minorTicks = []

    def draw(self, renderer: Any) -> None:
        """Draw grid, names of the ticks and label."""
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
    """The lower axis of a panel."""


class _Y(_OneTick, YAxis):
    """The left axis of a panel."""


class Panel(Axes):
    """Axes that have one tick each, put in their place as in matplotlib's example `skewt`."""

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
    """Return where the ticks within the limits of an axis are, and their names."""
    places = axis.get_majorticklocs().tolist()
    names = axis.get_major_formatter().format_ticks(places)
    scale = axis.get_transform()
    low, high = sorted(scale.transform(axis.get_view_interval()))
    rounding = 1e-10 * (high - low)
    inside = (low - rounding <= at <= high + rounding for at in scale.transform(places))
    return list(compress(zip(places, names, strict=True), inside))
