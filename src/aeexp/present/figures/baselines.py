"""What simpler methods make of the same table, beside the autoencoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import methods, style
from aeexp.present.figures.panel import panel

ROW = 0.42
"""Inches from one method to the next."""
LONGEST = 2.0
"""Inches that the name of a method may take."""
ACROSS = 3
"""Panels side by side, so that each is wide enough for its title."""


@dataclass(frozen=True)
class Measure:
    """What is drawn in a panel: a number for each method, and its standard error.

    better: which way it is, in words. values, errors: (methods,); a method without a number has
    none drawn, one without an error no bar.
    """

    better: str
    values: Floats
    errors: Floats


@style.styled
def baselines(names: Sequence[str], measures: Mapping[str, Measure], answer: str) -> Figure:
    """Draw a panel for each measure with a dot for each method, ± 2 standard errors.

    names: of the methods. measures: by what they are called. answer: the sentence that says
    what came of it.
    """
    figure = _panels(names, len(measures))
    for axes, (title, measure) in zip(figure.axes, measures.items(), strict=True):
        _dots(axes, names, measure)
        room = axes.get_position().width * figure.get_figwidth()
        words, _, term = title.removesuffix(")").partition(" (")
        below = f"{term}, {measure.better}" if term else measure.better
        lines = [style.fit(line, room, style.SMALL) for line in (words, below)]
        axes.set_title("\n".join(lines), fontsize=style.SMALL)
    style.headline(figure, "Did the autoencoder earn its keep?", answer)
    if any((measure.errors > 0).any() for measure in measures.values()):
        x, y = figure.get_size_inches()
        figure.text(0.15 / x, 0.1 / y, "bars: ± 2 standard errors", fontsize=style.SMALL)
    return figure


def _panels(names: Sequence[str], count: int) -> Figure:
    """Return a figure with panels, of which those at the left have the methods' names."""
    columns = max(1, min(count, ACROSS))
    left = 0.3 + min(LONGEST, style.widest(names, style.SMALL))
    wide = min(2.6, (8.75 - left - 0.25 * (columns - 1)) / columns)
    margins = style.Margins(left=left, top=1.1, bottom=0.65, across=0.25, down=0.85)
    rows = max(1, ceil(count / columns))
    figure, grid = style.canvas((rows, columns), (wide, ROW * max(len(names), 1)), margins)
    for i in range(count):
        axes = panel(figure, grid[i])
        style.few_ticks(axes, 3)
        style.name_ticks(axes.yaxis, [] if i % columns else names, ROW, LONGEST)
        axes.set_ylim(len(names) - 0.5, -0.5)
    return figure


def _dots(axes: Axes, names: Sequence[str], measure: Measure) -> None:
    """Draw the dots and bars, and a line at the autoencoder's for the eye to compare with."""
    finite = np.isfinite(measure.values)
    half = 2 * np.where(np.isfinite(measure.errors), measure.errors, 0)
    for i in np.flatnonzero(finite).tolist():
        value, colour = measure.values[i], methods.colour(names[i])
        axes.plot([value - half[i], value + half[i]], [i, i], color=colour, lw=2.5)
        axes.plot(value, i, "o", color=colour, ms=9)
        if names[i] == methods.AUTOENCODER:
            axes.axvline(value, color=colour, lw=1, ls=":", zorder=1)
    axes.set_xlim(_window(measure.values[finite], half[finite]))
    if not finite.any():
        axes.text(0.5, 0.5, "no number", transform=axes.transAxes, ha="center", va="center")


def _window(values: Floats, half: Floats) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    low, high = float((values - half).min()), float((values + half).max())
    room = 0.12 * (high - low) or 0.1 * abs(low) or 1.0
    return low - room, high + room
