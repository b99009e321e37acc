"""The latent spaces of several runs, side by side."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeexp.analysis.sweep.latents import Latents
from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.paint import KEY, draw_key, paint

SIDE = 1.8
MOST_ROWS = 1_000


@style.styled
def spaces(shown: Sequence[Latents], titles: Sequence[Sequence[str]], left_out: str) -> Figure:
    """Draw the first two factors of each run, rotated to match, each panel on its own scale.

    titles: the lines above each panel. left_out: a note on the runs that are not shown.
    """
    columns = min(4, len(shown))
    rows = ceil(len(shown) / columns)
    down = 0.12 + max(map(len, titles)) * style.SMALL * style.LINE
    one_table = len({space.run.data for space in shown}) == 1
    labels = shown[0].labels if one_table else None
    right = KEY if labels else 0.25
    least = 1 if len(shown) > 1 else 2
    margins = style.Margins(left=0.3, right=right, bottom=0.3, top=0.65 + down, down=down)
    side = SIDE * least
    figure, grid = style.canvas((rows, columns), (side, side), margins)
    for i, (space, lines) in enumerate(zip(shown, titles, strict=True)):
        axes = figure.add_subplot(grid[i // columns, i % columns])
        _panel(axes, space, side)
        text = "\n".join(style.fit(line, side, style.SMALL) for line in lines)
        axes.set_title(text, fontsize=style.SMALL, loc="left")
    if labels:
        painted = paint(labels, np.arange(len(shown[0].z)))
        draw_key(figure, labels.name, painted.key, figure.get_figheight() - 1.0)
    style.headline(figure, "Aligned latent spaces", left_out)
    return figure


def _panel(axes: Axes, space: Latents, side: float) -> None:
    finite = np.flatnonzero(np.isfinite(space.z).all(axis=1))
    rows = np.random.default_rng(0).permutation(finite)[:MOST_ROWS]  # no class is on top
    points = _plane(space.z[rows])
    painted = paint(space.labels, rows)
    painted.scatter(axes, points, float(np.clip(1200 * side**2 / max(len(rows), 1), 3, 22)))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2 if len(points) else np.zeros(2)
    half = 0.55 * np.ptp(points, axis=0).max() if len(points) else 1
    half = max(float(half), 1e-6 * float(np.abs(middle).max()), 1e-12)
    axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))


def _plane(z: Floats) -> Floats:
    """Return the first two factors; a single factor gets a random second coordinate."""
    if z.shape[1] > 1 and np.ptp(z[:, 1], axis=0) > 0:
        return z[:, :2]
    width = 0.1 * (np.ptp(z[:, 0]) if len(z) else 1)
    return np.column_stack([z[:, 0], np.random.default_rng(1).uniform(-width, width, len(z))])
