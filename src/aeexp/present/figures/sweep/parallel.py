"""Settings as lines through the values of their overrides."""

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
"""Height in inches from the lowest to the highest value."""
STRONG = 25
"""The number of best settings with thick lines."""
FAN = 0.05
"""Greatest distance between lines through one value, as a share of the height."""


@style.styled
def parallel(
    axes: Sequence[Varied], settings: Sequence[Mapping[str, str]], means: Floats, metric: str
) -> Figure:
    """Draw each setting as a line through its values to its mean, coloured by the mean.

    settings: the value of each override by key, from best to worst. means: of the metric,
    (settings,). The best is thick and on top.
    """
    wide = max(6.4, 1.75 * len(axes))
    margins = style.Margins(left=1.3, right=1.5, bottom=0.6, top=0.95)
    figure, grid = style.canvas((1, 1), (wide, HIGH), margins)
    panel = figure.add_subplot(grid[0])
    scale = ScalarMappable(norm(means), style.VALUES)
    places = np.array(
        [[_place(override, values[override.key]) for override in axes] for values in settings]
    )
    fan = np.linspace(FAN / 2, -FAN / 2, len(settings)) if len(settings) > 1 else np.zeros(1)
    lines = np.column_stack([places + fan[:, None], scale.norm(means)])
    for i in reversed(range(len(settings))):
        look: dict[str, Any] = {"lw": 0.6, "zorder": 2, "alpha": 0.3}
        if i < STRONG:
            look = {"lw": 1.6, "zorder": 3} if i else {"lw": 4, "zorder": 4}
        panel.plot(lines[i], color=scale.to_rgba(means[i]), solid_capstyle="round", **look)
    _rule(panel, axes, metric, wide / len(axes))
    at = (figure.get_figwidth() - 1.3, margins.bottom + 0.06 / 1.12 * HIGH, HIGH / 1.12)
    style.colour_bar(figure, at, scale, metric)
    note = f"a line for each setting, coloured by its mean {metric}; thick: the best"
    more = f"thin: all but the best {STRONG}" if len(settings) > STRONG else ""
    style.headline(figure, "All settings at once", note, more)
    return figure


def _rule(panel: Axes, axes: Sequence[Varied], metric: str, room: float) -> None:
    """Draw a vertical axis with values for each override, and one for the metric.

    room: between two axes, in inches.
    """
    panel.grid(visible=False)
    panel.spines[:].set_visible(False)
    panel.set(xlim=(0, len(axes)), ylim=(-0.06, 1.06), yticks=[])
    keys = [*(override.key for override in axes), metric]
    names = [style.fit(key, 0.95 * room, style.TEXT) for key in keys]
    panel.set_xticks(range(len(names)), labels=names, fontsize=style.TEXT)
    for x in range(len(names)):
        panel.axvline(x, color="#8C8C8C", lw=1.2, zorder=1)
    for x, override in enumerate(axes):
        for value in _ticks(override):
            panel.annotate(
                style.fit(value_text(value), min(0.8 * room, 1.1), style.SMALL),
                (x, _place(override, value)),
                (-6, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=style.SMALL,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
                zorder=5,
            )


def _ticks(override: Varied) -> Sequence[str]:
    """Return the values to write: all if there is room, or some of them."""
    chosen: list[str] = []
    for value in override.values:
        if not chosen or _place(override, value) - _place(override, chosen[-1]) > 0.055:
            chosen.append(value)
    return chosen


def _place(override: Varied, value: str) -> float:
    """Return the place of a value between the lowest, 0, and the highest, 1."""
    places = np.array(list(override.positions.values()))
    at, low, high = override.positions[value], places.min(), places.max()
    if override.logarithmic:
        at, low, high = np.log([at, low, high])
    return float((at - low) / (high - low))
