"""Axes of metrics and of overrides."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

from aeexp.analysis.sweep.varied import Varied
from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.text.sweep import value_text

MOST_TICKS = 24
"""An axis of more values than this has round numbers as its ticks."""


def spans_magnitudes(values: Floats) -> bool:
    """Return whether all finite values are positive and span a factor of 10 or more."""
    values = values[np.isfinite(values)]
    return bool(values.size and 0 < values.min() <= values.max() / 10 * (1 + 1e-9))


def scale(
    axes: Axes, which: Literal["x", "y"], values: Iterable[float], intervals: int = 4
) -> None:
    """Set few ticks in short notation, and a logarithmic axis if the values span magnitudes."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    numbers = np.array(list(values), float)
    if not spans_magnitudes(numbers):
        axis.set_major_locator(MaxNLocator(intervals, steps=[1, 2, 4, 5, 10]))
        axis.set_major_formatter("{x:g}")
        return
    finite = numbers[np.isfinite(numbers)]
    steps = (1, 2, 5) if finite.max() < 100 * finite.min() else (1,)
    axes.set(**{f"{which}scale": "log"})
    axis.set_major_locator(LogLocator(subs=steps, numticks=intervals + 2))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def norm(values: Floats) -> Normalize:
    """Return a scale for colours, logarithmic if the values span magnitudes."""
    finite = values[np.isfinite(values)]
    limits = (finite.min(), finite.max()) if finite.size else (0, 1)
    return LogNorm(*limits) if spans_magnitudes(values) else Normalize(*limits)


def lay_out(axes: Axes, varied: Varied, inches: float) -> None:
    """Use the values of an override as the ticks of the x axis, which is `inches` long."""
    places = np.array(list(varied.positions.values()))
    if varied.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    at = np.log10(places) if varied.logarithmic else places
    margin = 0.5 if varied.numbers is None else 0.08 * (at[-1] - at[0])
    low, high = at[0] - margin, at[-1] + margin
    axes.set_xlim(*((10**low, 10**high) if varied.logarithmic else (low, high)))
    _name(axes, varied, (at - low) / (high - low) * inches)


def _name(axes: Axes, varied: Varied, at: Floats) -> None:
    """Name the values at their places in inches, as far as the names do not overlap."""
    if varied.numbers is None:
        room = float(at[1] - at[0])
        style.name_ticks(axes.xaxis, [*map(value_text, varied.values)], room, 0.92 * room)
        return
    if len(at) > MOST_TICKS:
        scale(axes, "x", varied.numbers)
        return
    ticks, labels, end = [], [], -np.inf
    for place, (value, position) in zip(at, varied.positions.items(), strict=True):
        text = style.fit(value_text(value), 1, style.SMALL)
        half = style.width(text, style.SMALL) / 2
        if place - half > end + 0.08:
            end = place + half
            ticks.append(position)
            labels.append(text)
    axes.set_xticks(ticks, labels=labels)
