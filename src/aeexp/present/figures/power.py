"""How large a group would have to be to be found."""

import numpy as np
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

OFTEN = 0.8


@style.styled
def power(sizes: Floats, found: Floats, interval: Floats, note: str) -> Figure:
    """Draw how often planted groups were found over their size.

    sizes: (groups,), in standard deviations. found: (groups,), from 0 to 1. interval: (2, groups),
    low and high of what `found` may be. note: what the groups are, and of how many tables.
    """
    figure, grid = style.canvas((1, 1), (5.6, 3.4), style.Margins(left=0.95, right=0.5))
    axes = panel(figure, grid[0])
    style.few_ticks(axes, 5)
    axes.axhline(OFTEN, color=style.INK, lw=1, ls="--")
    bars = np.abs(interval - found)
    axes.errorbar(
        sizes, found, bars, fmt="o-", color=style.PALETTE[0], capsize=4, lw=1.6, clip_on=False
    )
    axes.set(xlabel="planted difference (sd)", ylabel="probability of being found")
    axes.set(ylim=(0, 1), xlim=(0, 1.05 * sizes.max(initial=1)))
    style.place_labels(axes)
    style.headline(figure, "How large a group would have been found?", note)
    return figure
