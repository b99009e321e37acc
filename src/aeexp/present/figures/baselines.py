"""The autoencoder compared with simpler methods on the same table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel
from aeexp.text import listed

ROW = 0.42
"""Height in inches of the row of a method."""
LONGEST = 2.0
"""Greatest width in inches of the name of a method."""
ACROSS = 3
"""Panels side by side, so that each is wide enough for its title."""


@dataclass(frozen=True)
class Measure:
    """A measure of all methods, drawn in a panel.

    better: its direction, such as "less is better". values, errors: (methods,), where errors are
    standard errors; values that are not finite are not drawn.
    """

    better: str
    values: Floats
    errors: Floats


@style.styled
def baselines(names: Sequence[str], measures: Mapping[str, Measure], answer: str) -> Figure:
    """Draw a panel for each measure with a dot for each method, ± 2 standard errors.

    names: of the methods. measures: by title. answer: the sentence below the title.
    """
    columns = max(1, min(len(measures), ACROSS))
    left = 0.3 + min(LONGEST, style.widest(names, style.SMALL))
    wide = min(2.6, (8.75 - left - 0.25 * (columns - 1)) / columns)
    margins = style.Margins(left=left, top=1.1, bottom=0.65, across=0.25, down=0.85)
    shape = max(1, ceil(len(measures) / columns)), columns
    figure, grid = style.canvas(shape, (wide, ROW * max(len(names), 1)), margins)
    for i, (title, measure) in enumerate(measures.items()):
        axes = panel(figure, grid[i])
        style.few_ticks(axes, 3)
        style.name_ticks(axes.yaxis, [] if i % columns else names, ROW, LONGEST)
        axes.set_ylim(len(names) - 0.5, -0.5)
        _dots(axes, names, measure)
        name, _, term = title.removesuffix(")").partition(" (")
        below = f"{term}, {measure.better}" if term else measure.better
        lines = [style.fit(line, wide, style.SMALL) for line in (name, below)]
        axes.set_title("\n".join(lines), fontsize=style.SMALL)
    style.headline(figure, _title(names, measures), answer)
    if any((measure.errors > 0).any() for measure in measures.values()):
        x, y = figure.get_size_inches()
        figure.text(0.15 / x, 0.1 / y, "bars: ± 2 standard errors", fontsize=style.SMALL)
    return figure


def _title(names: Sequence[str], measures: Mapping[str, Measure]) -> str:
    """Return which methods are best by the first measure: those within two standard errors."""
    for title, measure in measures.items():
        if np.isfinite(measure.values).any():
            signed = measure.values if measure.better.startswith("more") else -measure.values
            signed, errors = np.where(np.isfinite(signed), signed, -np.inf), measure.errors
            best = int(signed.argmax())
            both = np.hypot(np.nan_to_num(errors), np.nan_to_num(errors[best]))
            equal = [names[i] for i in np.flatnonzero(signed >= signed[best] - 2 * both).tolist()]
            first = f"{equal[0][:1].upper()}{equal[0][1:]}"
            several = listed([first, *equal[1:]])
            verb = "has" if len(equal) == 1 else "have"
            within = "" if len(equal) == 1 else ", within two standard errors"
            return f"{several} {verb} the best {title.partition(' (')[0]}{within}"
    return "The autoencoder and simpler methods"


def _dots(axes: Axes, names: Sequence[str], measure: Measure) -> None:
    """Draw the dots and bars, and a line at the value of the autoencoder."""
    finite = np.isfinite(measure.values)
    half = 2 * np.where(np.isfinite(measure.errors), measure.errors, 0)
    for i in np.flatnonzero(finite).tolist():
        value, colour = measure.values[i], style.method_colour(names[i])
        axes.plot([value - half[i], value + half[i]], [i, i], color=colour, lw=2.5)
        axes.plot(value, i, "o", color=colour, ms=9)
        if names[i] == style.AUTOENCODER:
            axes.axvline(value, color=colour, lw=1, ls=":", zorder=1)
    if not finite.any():
        axes.set_xlim(0, 1)
        axes.text(0.5, 0.5, "no number", transform=axes.transAxes, ha="center", va="center")
        return
    low = float((measure.values - half)[finite].min())
    high = float((measure.values + half)[finite].max())
    room = 0.12 * (high - low) or 0.1 * abs(low) or 1.0
    axes.set_xlim(low - room, high + room)
