"""Many settings of many overrides, a line each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from aeexp.analysis.sweep.varied import Varied
from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.sweep.axis import norm
from aeexp.present.text.sweep import value_text

HIGH = 4.0
"""Inches from the lowest to the highest value."""
STRONG = 25
"""So many of the best settings stand out from the others."""
FAN = 0.05
"""How far the lines through one value lie apart at most, as a share of the height."""


@style.styled
def parallel(
    axes: Sequence[Varied], settings: Sequence[Mapping[str, str]], means: Floats, metric: str
) -> Figure:
    """Draw each setting as a line through its values to what it came to, which colours it.

    settings: the value of each override by its key, from best to worst. means: of the metric,
    (settings,). The best is drawn thick, on top.
    """
    wide = max(6.4, 1.75 * len(axes))
    margins = style.Margins(left=1.3, right=1.5, bottom=0.6, top=0.95)
    figure, grid = style.canvas((1, 1), (wide, HIGH), margins)
    panel = figure.add_subplot(grid[0])
    scale = ScalarMappable(norm(means), style.VALUES)
    places = np.array([[_place(each, said[each.key]) for each in axes] for said in settings])
    lines = np.column_stack([places + _fan(len(settings))[:, None], scale.norm(means)])
    for i in reversed(range(len(settings))):
        panel.plot(lines[i], color=scale.to_rgba(means[i]), solid_capstyle="round", **_look(i))
    _rule(panel, axes, metric, wide / len(axes))
    at = (figure.get_figwidth() - 1.3, margins.bottom + 0.06 / 1.12 * HIGH, HIGH / 1.12)
    style.colour_bar(figure, at, scale, metric)
    note = f"a line a setting, coloured by its mean {metric}; the thick one is the best"
    more = f"all but the best {STRONG} are thin" if len(settings) > STRONG else ""
    style.headline(figure, "All settings at once", *filter(None, (note, more)))
    return figure


def _look(rank: int) -> dict[str, Any]:
    if rank == 0:
        return {"lw": 4, "zorder": 4}
    return {"lw": 1.6, "zorder": 3} if rank < STRONG else {"lw": 0.6, "zorder": 2, "alpha": 0.3}


def _rule(panel: Axes, axes: Sequence[Varied], metric: str, room: float) -> None:
    """Draw a vertical axis for each override and for the metric, with values beside it.

    room: between two axes, in inches.
    """
    panel.grid(visible=False)
    panel.spines[:].set_visible(False)
    panel.set(xlim=(0, len(axes)), ylim=(-0.06, 1.06), yticks=[])
    names = [style.fit(key, 0.95 * room, style.TEXT) for key in (*(e.key for e in axes), metric)]
    panel.set_xticks(range(len(names)), labels=names, fontsize=style.TEXT)
    for x in range(len(names)):
        panel.axvline(x, color="#8C8C8C", lw=1.2, zorder=1)
    for x, each in enumerate(axes):
        for value in _ticks(each):
            text = style.fit(value_text(value), min(0.8 * room, 1.1), style.SMALL)
            _tick(panel, (x, _place(each, value)), text)


def _tick(panel: Axes, at: tuple[float, float], text: str) -> None:
    panel.annotate(
        text,
        at,
        (-6, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=style.SMALL,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
        zorder=5,
    )


def _ticks(each: Varied) -> Sequence[str]:
    """Return the values to write: all if they have room, or evenly chosen ones."""
    chosen: list[str] = []
    for value in each.values:
        if not chosen or _place(each, value) - _place(each, chosen[-1]) > 0.055:
            chosen.append(value)
    return chosen


def _place(each: Varied, value: str) -> float:
    """Return where a value lies between the lowest, 0, and the highest, 1."""
    places = np.array(list(each.positions.values()))
    at, low, high = each.positions[value], places.min(), places.max()
    if each.logarithmic:
        at, low, high = np.log([at, low, high])
    return float((at - low) / (high - low))


def _fan(count: int) -> Floats:
    return np.linspace(FAN / 2, -FAN / 2, count) if count > 1 else np.zeros(count)
