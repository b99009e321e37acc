"""Rows that are images: originals, reconstructions, and images decoded along each factor."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

MOST_IMAGES, MOST_FACTORS, STEPS = 11, 10, 11
SIDE = 0.66
"""Height of an image in inches."""
LEFT, GAP = 1.35, 0.45
"""Inches: width of the names at the left, height between the two parts."""


@style.styled
def images(
    x: Floats, x_hat: Floats, factors: Sequence[str], traversals: Floats, size: tuple[int, int]
) -> Figure:
    """Draw images with their reconstructions, and below them the images along each factor.

    x, x_hat: (images, pixels); the first 11 are drawn. traversals: (factors, 11, pixels), decoded
    from the 5 to the 95 % quantile of a factor. size: height and width of an image, in pixels.
    """
    high, wide = size
    count = min(len(x), MOST_IMAGES)
    shown = min(len(factors), MOST_FACTORS)
    cell = SIDE * wide / high
    margins = style.Margins(left=LEFT, top=0.85, bottom=0.3)
    body = STEPS * cell, (2 + shown) * SIDE + GAP * (shown > 0)
    figure, grid = style.canvas((1, 1), body, margins)
    heights = [2 * SIDE, GAP, shown * SIDE] if shown else [2 * SIDE]
    parts = grid[0].subgridspec(len(heights), 1, height_ratios=heights, hspace=0)
    limits = float(np.min(x)), float(np.max(x))
    pairs = np.stack([x[:count], x_hat[:count]])
    _mosaic(panel(figure, parts[0]), pairs, ["original", "decoded"], size, limits)
    if shown:
        _mosaic(panel(figure, parts[2]), traversals[:shown], factors[:shown], size, limits)
    notes = (
        ["below: images decoded along each factor, from 5 to 95 % of the rows"] if shown else []
    )
    if shown < len(factors):
        notes.append(f"{shown} of {len(factors)} factors")
    style.headline(figure, "Rows as images, as the model decodes them", *notes)
    return figure


def _mosaic(
    axes: Axes,
    several: Floats,
    names: Sequence[str],
    size: tuple[int, int],
    limits: tuple[float, float],
) -> None:
    """Draw lines of images, each line with a name. several: (lines, images, pixels)."""
    lines, count, _ = several.shape
    high, wide = size
    tiles = np.full((lines * (high + 1), STEPS * (wide + 1)), np.nan)
    for i in range(lines):
        for j in range(count):
            top, left = i * (high + 1), j * (wide + 1)
            tiles[top : top + high, left : left + wide] = several[i, j].reshape(size)
    low, greatest = limits
    axes.imshow(
        tiles, cmap="gray_r", vmin=low, vmax=greatest, aspect="auto", interpolation="nearest"
    )
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.xaxis.set_ticks([])
    axes.set_yticks(
        [(high - 1) / 2 + i * (high + 1) for i in range(lines)],
        [style.fit(name, LEFT - 0.3, style.SMALL) for name in names],
    )
