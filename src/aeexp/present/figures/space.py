"""Three factors in space, as a 2D projection: mplot3d takes several times as long to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba_array
from matplotlib.ticker import MaxNLocator

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.paint import LINE, Paint

# The rows are in a cube from 0 to 1. The view is that of mplot3d: from 30° above the floor, and
# from the side where the first factor is large and the second is small.

RIGHT, UP, NEAR = np.array([[12**0.5, 2, 0], [-1, 3**0.5, 12**0.5], [3**0.5, -3, 2]]) / 4
"""Directions: to the right and up on the page, and towards the eye."""
SIDE, DISTANCE = 1.21, 10.0
"""Length of an edge of the cube, and distance of the eye from its centre."""
WALLS = np.array(
    [
        [[0, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]],
        [[0, 1, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]],
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]],
    ]
)
"""Corners of the three walls behind the rows."""
EDGES = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]])
"""Ends of the edges that are the axes of the three factors."""
GRID = np.array(
    [
        [[np.nan, 0, 0], [np.nan, 1, 0], [np.nan, 1, 1]],
        [[1, np.nan, 0], [0, np.nan, 0], [0, np.nan, 1]],
        [[1, 1, np.nan], [0, 1, np.nan], [0, 0, np.nan]],
    ]
)
"""For each factor, the path of a grid line from its axis along two walls; NaN is the tick."""


def space(
    axes: Axes, z: Floats, windows: Mapping[str, Floats], painted: Paint, size: float
) -> None:
    """Draw three factors in space; the numbers of the axes are at the projections beside it.

    z: (rows, 3). windows: the limits (2,) of each factor, by its name. size: of a dot in points².
    """
    axes.set_axis_off()
    axes.set(xlim=(-0.95, 0.9), ylim=(-0.95, 0.9))
    limits = np.array([*windows.values()])
    _draw_cube(axes, [*windows], limits)
    low, high = limits.T
    points = (z - low) / (high - low)
    order, opacity = _depths(points)
    colours = painted.colours[order] * np.column_stack([np.ones((len(z), 3)), opacity])
    ringed = painted.ringed[order] if painted.ringed.any() else painted.ringed
    ordered = replace(painted, colours=colours, markers=painted.markers[order], ringed=ringed)
    for line in painted.lines:
        axes.plot(*_flat((line - low) / (high - low)).T, **LINE)
    ordered.scatter(axes, _flat(points[order]), size)


def _flat(points: Floats) -> Floats:
    """Return the perspective projection of points on the page: (..., 3) -> (..., 2)."""
    centred = SIDE * (points - 0.5)
    scale = 1 / (1 - centred @ NEAR / DISTANCE)
    return np.stack([centred @ RIGHT, centred @ UP], axis=-1) * scale[..., None]


def _depths(points: Floats) -> tuple[Integers, Floats]:
    """Return the order of the points from far to near, and their opacity in that order.

    A farther point is paler, in proportion to its depth relative to the extent of all points.
    """
    near = points @ NEAR
    order = np.argsort(near)
    extent = np.linalg.norm(np.ptp(points, axis=0)) if len(points) else 0.0
    behind = near[order].max(initial=-np.inf) - near[order]
    return order, np.clip(1 - behind / (extent or 1.0), 0.3, 1)


def _draw_cube(axes: Axes, names: Sequence[str], windows: Floats) -> None:
    """Draw the walls with a grid, and the axes with ticks and names."""
    greys = to_rgba_array(["0.95", "0.9", "0.925"], 0.5)
    walls = PolyCollection([*_flat(WALLS)], facecolors=greys, zorder=0)
    axes.add_collection(walls, autolim=False)
    lines = np.concatenate([*map(_grid_lines, GRID, windows)])
    inwards = lines[:, 1] - lines[:, 0]
    ticks = np.stack([lines[:, 0] - inwards / 120, lines[:, 0] + inwards / 60], axis=1)
    frame = [*_flat(ticks), _flat(EDGES)]
    for segments, colour, z in ([*_flat(lines)], style.GRID, 0.5), (frame, style.FRAME, 1):
        drawn = LineCollection(segments, colors=colour, lw=0.8, zorder=z, clip_on=False)
        axes.add_collection(drawn, autolim=False)
    for name, edge in zip(names, _flat((EDGES[1:] + EDGES[:-1]) / 2), strict=True):
        x, y = edge + 0.14 * edge / np.linalg.norm(edge)
        axes.text(x, y, name, fontsize=style.TEXT, ha="center", va="center")


def _grid_lines(path: Floats, window: Floats) -> Floats:
    """Return the grid lines at the ticks of a factor: (ticks, 3 points, 3)."""
    low, high = window
    ticks = (MaxNLocator(4).tick_values(low, high) - low) / (high - low)
    inside = ticks[(ticks >= 0) & (ticks <= 1)]
    return np.where(np.isnan(path), inside[:, None, None], path)
