"""The loss of short trainings by learning rate."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.loss import CURVES
from aeexp.present.figures.panel import panel

MARKED = {
    "valley": (style.PALETTE[2], "o"),
    "minimum": (style.PALETTE[1], "s"),
    "steep": (style.PALETTE[4], "^"),
    "slide": (style.PALETTE[7], "D"),
}
RULES = {"minimum": "minimum / 10"}
ROOM = 1.3
"""Losses up to this multiple of the loss at the lowest rate are drawn; others have diverged."""


@style.styled
def learning_rate(
    table: Mapping[str, Floats], suggested: Mapping[str, float], recommended: float, name: str
) -> Figure:
    """Draw the losses by learning rate, and the suggested rates on the curve.

    table: the columns of learning_rate.csv. suggested: rates by rule, may be empty. recommended:
    the rate that follows from them.
    """
    margins = style.Margins(left=1.0, top=1.3, bottom=0.7)
    figure, grid = style.canvas((1, 1), (7.7, 3.7), margins)
    axes = panel(figure, grid[0], xscale="log")
    rates = table["rate"]
    for column, (label, colour) in CURVES.items():
        if np.isfinite(table[column]).any():
            axes.plot(rates, table[column], color=colour, lw=2, label=label)
    _limit(axes, table)
    finite = np.isfinite(table["loss"])
    for rule, rate in suggested.items():
        colour, marker = MARKED[rule]
        height = np.interp(np.log(rate), np.log(rates[finite]), table["loss"][finite])
        axes.axvline(rate, color=colour, lw=1.2, ls=":")
        label = f"{RULES.get(rule, rule)}: {rate:.2g}"
        look: dict[str, Any] = {"color": colour, "marker": marker, "mec": "white", "ms": 11}
        axes.plot([rate], [float(height)], ls="", label=label, zorder=3, **look)
    diverged = rates[np.isnan(table["loss"])]
    if diverged.size:
        span = diverged[0], rates[-1]
        axes.axvspan(*span, label="diverged", color=style.NOISE, alpha=0.25, lw=0)
    axes.set(xlabel="learning rate (optimizer.lr)", ylabel="loss after a few epochs")
    axes.xaxis.set_major_locator(LogLocator(numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    style.place_labels(axes)
    style.legend(figure, left=0.1, down=0.62, ncols=4, columnspacing=1.2, fontsize=style.SMALL)
    note = f"recommended: {recommended:.2g}, the median of four rules" if suggested else ""
    style.headline(figure, f"{name}: which learning rate?", note)
    return figure


def _limit(axes: Axes, table: Mapping[str, Floats]) -> None:
    """Set limits that show the decrease; losses of diverged trainings are above the panel."""
    losses = np.concatenate([table[column] for column in CURVES])
    losses = losses[np.isfinite(losses)]
    axes.set_xlim(table["rate"][0], table["rate"][-1])
    if losses.size:
        low = losses.min()
        high = min(losses.max(), ROOM * np.nanmax([table["loss"][0], losses[0]]))
        room = 0.06 * (high - low) or 1
        axes.set_ylim(low - room, high + room)
