"""The statistical power to detect a group, by its size."""

import numpy as np
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

ENOUGH = 0.8
"""The power at the dashed line."""


@style.styled
def power(sizes: Floats, detected: Floats, interval: Floats, note: str) -> Figure:
    """Draw the share of planted groups that were detected, by size.

    sizes: (groups,), in standard deviations. detected: (groups,), from 0 to 1. interval: (2,
    groups), lower and upper confidence limits. note: a description of the groups.
    """
    figure, grid = style.canvas((1, 1), (5.6, 3.4), style.Margins(left=0.95, right=0.5))
    axes = panel(figure, grid[0])
    style.few_ticks(axes, 5)
    axes.axhline(ENOUGH, color=style.INK, lw=1, ls="--")
    bars = np.abs(interval - detected)
    axes.errorbar(
        sizes, detected, bars, fmt="o-", color=style.PALETTE[0], capsize=4, lw=1.6, clip_on=False
    )
    axes.set(xlabel="planted difference (sd)", ylabel="probability of detection")
    axes.set(ylim=(0, 1), xlim=(0, 1.05 * sizes.max(initial=1)))
    style.place_labels(axes)
    style.headline(figure, _title(sizes, detected), note)
    return figure


def _title(sizes: Floats, detected: Floats) -> str:
    enough = sizes[detected >= ENOUGH]
    if not enough.size:
        return "None of these groups would have been detected reliably"
    return f"A group {enough.min():g} sd apart would have been detected"
