"""The trade-off between two metrics."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.sweep.axis import scale

MOST_NAMED = 8


def front(error: Floats, gain: Floats) -> NDArray[np.bool_]:
    """Return the points (points,) that no other point dominates: less error and more gain."""
    order = np.lexsort((-gain, error))
    best, first = np.maximum.accumulate(gain[order]), np.ones(len(order), bool)
    first[1:] = gain[order][1:] > best[:-1]
    on_front = np.empty(len(order), bool)
    on_front[order] = first
    return on_front


@style.styled
def pareto(error: Floats, gain: Floats, metrics: tuple[str, str], names: Sequence[str]) -> Figure:
    """Draw the gain of each setting by its error, and name the Pareto front from left to right.

    error, gain: (settings,), finite; metrics: their titles.
    """
    figure, grid = style.canvas((1, 1), (5.6, 3.9), style.Margins(left=0.95, right=4.4))
    axes = figure.add_subplot(grid[0])
    best = np.flatnonzero(front(error, gain))
    best = best[np.argsort(error[best])]
    scale(axes, "x", error, 6)
    scale(axes, "y", gain, 6)
    axes.scatter(error, gain, s=40, color=style.PALETTE[0], alpha=0.6, lw=0, zorder=2)
    look: dict[str, Any] = {"color": style.PALETTE[3], "zorder": 3}
    axes.step(error[best], gain[best], where="post", lw=1.8, **look)
    axes.scatter(error[best], gain[best], s=70, marker="D", **look)
    x, y = figure.get_size_inches()
    for number, i in enumerate(best[:MOST_NAMED], 1):
        offset: dict[str, Any] = {"textcoords": "offset points", "ha": "right"}
        axes.annotate(f"{number}", (error[i], gain[i]), (-7, 4), fontsize=style.TEXT, **offset)
        text = style.fit(f"{number}  {names[i]}", 4.1, style.SMALL)
        place = (x - 4.25) / x, 1 - (0.55 + 0.3 * number) / y
        figure.text(*place, text, fontsize=style.SMALL, va="top")
    axes.set_xlabel(style.fit(f"{metrics[0]} (less is better)", 5.6, style.TEXT))
    axes.set_ylabel(style.fit(f"{metrics[1]} (more is better)", 3.9, style.TEXT))
    more = f"the first {MOST_NAMED} of {len(best)} are named" if len(best) > MOST_NAMED else ""
    note = "dots: settings (mean over seeds); diamonds: no other setting is better in both"
    style.headline(figure, "Trade-off between two metrics", note, more)
    return figure
