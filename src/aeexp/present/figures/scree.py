"""The share of the variance of each principal component."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel


@style.styled
def scree(shares: Floats, dimensions: int) -> Figure:
    """Draw the share of the variance of each component; the first `dimensions` are coloured.

    shares: (components,), decreasing, at least one; NaN for a constant table. dimensions: the
    number of factors of the autoencoder.
    """
    figure, grid = style.canvas((1, 1), (7.8, 3.6), style.Margins(left=0.9, top=0.95))
    axes = panel(figure, grid[0])
    percent = 100 * np.nan_to_num(shares)
    components = np.arange(1, len(shares) + 1)
    chosen = components <= dimensions
    for part, colour in (chosen, style.PALETTE[0]), (~chosen, "#BDBDBD"):
        axes.bar(components[part], percent[part], color=colour, width=0.75)
    if dimensions < len(shares):
        axes.axvline(dimensions + 0.5, color=style.INK, ls="--", lw=1)
    axes.set(xlabel="principal component", ylabel="share of the variance (%)")
    axes.set(xlim=(0.4, max(len(shares), 3) + 0.6), ylim=(0, 1.08 * percent.max() or 1.0))
    style.few_ticks(axes, 7)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    axes.grid(visible=False, axis="x")
    style.place_labels(axes)
    style.headline(figure, _title(shares, dimensions), "coloured: as many as factors")
    return figure


def _title(shares: Floats, dimensions: int) -> str:
    if np.isnan(shares).any():
        return "All features are constant"
    count = min(dimensions, len(shares))
    share = f"{100 * shares[:count].sum():.0f} % of the variance of the training rows"
    first = "The first component has" if count == 1 else f"The first {count} components have"
    return f"{first} {share}"
