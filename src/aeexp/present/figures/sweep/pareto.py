"""What is given up for what: two metrics against each other."""

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
    """Return which points no other is better than in both: less error and more gain; (points,)."""
    order = np.lexsort((-gain, error))
    best, first = np.maximum.accumulate(gain[order]), np.ones(len(order), bool)
    first[1:] = gain[order][1:] > best[:-1]
    on_front = np.empty(len(order), bool)
    on_front[order] = first
    return on_front


@style.styled
def pareto(error: Floats, gain: Floats, metrics: tuple[str, str], names: Sequence[str]) -> Figure:
    """Draw each setting's error against its gain, and the front, from left to right, named.

    error, gain: (settings,), finite; metrics: what they are.
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
    named = best[:MOST_NAMED]
    for number, i in enumerate(named, 1):
        offset: dict[str, Any] = {
            "textcoords": "offset points",
            "ha": "right",
            "fontsize": style.TEXT,
        }
        axes.annotate(f"{number}", (error[i], gain[i]), (-7, 4), **offset)
    _key(figure, [f"{n}  {names[i]}" for n, i in enumerate(named, 1)])
    axes.set_xlabel(style.fit(f"{metrics[0]} (less is better)", 5.6, style.TEXT))
    axes.set_ylabel(style.fit(f"{metrics[1]} (more is better)", 3.9, style.TEXT))
    more = f"the first {MOST_NAMED} of {len(best)} are named" if len(best) > MOST_NAMED else ""
    note = "a dot a setting (mean over seeds); diamonds: no other is better in both"
    style.headline(figure, "What the best settings trade", *filter(None, (note, more)))
    return figure


def _key(figure: Figure, lines: Sequence[str]) -> None:
    x, y = figure.get_size_inches()
    for i, line in enumerate(lines):
        text = style.fit(line, 4.1, style.SMALL)
        place = ((x - 4.25) / x, 1 - (0.85 + 0.3 * i) / y)
        figure.text(*place, text, fontsize=style.SMALL, va="top")
