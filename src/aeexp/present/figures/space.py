"""Three factors in space, drawn flat: a scene of mplot3d takes several times as long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba_array
from matplotlib.ticker import MaxNLocator

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.paint import Paint

# The rows lie in a cube from 0 to 1, which is seen as mplot3d shows it: from 30° above its floor,
# and from the side where the first factor is large and the second small.

RIGHT, UP, NEAR = np.array([[12**0.5, 2, 0], [-1, 3**0.5, 12**0.5], [3**0.5, -3, 2]]) / 4
"""Directions on the page, and that towards the eye."""
SIDE, DISTANCE = 1.21, 10.0
"""Of the cube, and of the eye from its middle."""
WALLS = np.array(
    [
        [[0, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]],
        [[0, 1, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]],
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]],
    ]
)
"""Corners of the three walls behind the rows."""
EDGES = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]])
"""Ends of the edges that are the axes of the first, second and third factor."""
GRID = np.array(
    [
        [[np.nan, 0, 0], [np.nan, 1, 0], [np.nan, 1, 1]],
        [[1, np.nan, 0], [0, np.nan, 0], [0, np.nan, 1]],
        [[1, 1, np.nan], [0, 1, np.nan], [0, 0, np.nan]],
    ]
)
"""For each factor how a line of the grid goes from its axis along two walls; NaN is the tick."""


def space(
    axes: Axes, z: Floats, windows: Mapping[str, Floats], painted: Paint, size: float
) -> None:
    """Draw three factors in space; the projections beside it have the numbers of its axes.

    z: (rows, 3). windows: (2,), the stretch of each factor, by its name. size: that of a dot in
    points².
    """
    axes.set_axis_off()
    axes.set(xlim=(-0.95, 0.9), ylim=(-0.95, 0.9))
    stretches = np.array([*windows.values()])
    _draw_cube(axes, [*windows], stretches)
    low, high = stretches.T
    points = (z - low) / (high - low)
    order, opacity = _depths(points)
    colours = painted.colours[order] * np.column_stack([np.ones((len(z), 3)), opacity])
    seen = replace(painted, colours=colours, markers=painted.markers[order])
    seen.scatter(axes, _flat(points[order]), size)


def _flat(points: Floats) -> Floats:
    """Return where points are seen on the page, in perspective: (..., 3) -> (..., 2)."""
    centred = SIDE * (points - 0.5)
    scale = 1 / (1 - centred @ NEAR / DISTANCE)
    return np.stack([centred @ RIGHT, centred @ UP], axis=-1) * scale[..., None]


def _depths(points: Floats) -> tuple[Integers, Floats]:
    """Return the order of the points from far to near, and how opaque each is in that order.

    The farther a point, the paler: by as much as its depth is of all points' extent.
    """
    near = points @ NEAR
    order = np.argsort(near)
    extent = np.linalg.norm(np.ptp(points, axis=0)) if len(points) else 0.0
    behind = near[order].max(initial=-np.inf) - near[order]
    return order, np.clip(1 - behind / (extent or 1.0), 0.3, 1)


def _draw_cube(axes: Axes, names: Sequence[str], windows: Floats) -> None:
    """Draw the walls with their grid, and the axes with their ticks and names."""
    greys = to_rgba_array(["0.95", "0.9", "0.925"], 0.5)
    walls = PolyCollection([*_flat(WALLS)], facecolors=greys, zorder=0)
    axes.add_collection(walls, autolim=False)
    lines = np.concatenate([_lines(*factor) for factor in zip(GRID, windows, strict=True)])
    inwards = lines[:, 1] - lines[:, 0]
    ticks = np.stack([lines[:, 0] - inwards / 120, lines[:, 0] + inwards / 60], axis=1)
    frame = [*_flat(ticks), _flat(EDGES)]
    for some, colour, z in ([*_flat(lines)], style.GRID, 0.5), (frame, style.FRAME, 1):
        shown = LineCollection(some, colors=colour, lw=0.8, zorder=z, clip_on=False)
        axes.add_collection(shown, autolim=False)
    for name, edge in zip(names, _flat((EDGES[1:] + EDGES[:-1]) / 2), strict=True):
        x, y = edge + 0.14 * edge / np.linalg.norm(edge)
        axes.text(x, y, name, fontsize=style.TEXT, ha="center", va="center")


def _lines(course: Floats, window: Floats) -> Floats:
    """Return the lines of the grid at the ticks of a factor: (ticks, 3 points, 3)."""
    low, high = window
    ticks = (MaxNLocator(4).tick_values(low, high) - low) / (high - low)
    inside = ticks[(ticks >= 0) & (ticks <= 1)]
    return np.where(np.isnan(course), inside[:, None, None], course)
