"""The rows in latent space."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, combinations_with_replacement

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aeexp.data.dataset import Floats, Integers, Labels, Values
from aeexp.present.figures import style
from aeexp.present.figures.paint import (
    CROSS,
    KEY,
    LINE,
    Colours,
    Paint,
    Trajectory,
    Unreliable,
    draw_key,
    paint,
)
from aeexp.present.figures.panel import panel
from aeexp.present.figures.space import space
from aeexp.text import counted

MOST_ROWS = 20_000
MOST_FACTORS = 6
FEWEST, SQUASHED = 50, 4
"""Least number of rows, and ratio of the range to that of 98 % of them, of a shortened axis."""
TOP = 0.95
"""Height in inches of the margin with the title and two lines of notes."""
NONE = Unreliable()


@style.styled
def latent(
    z: Floats,
    groups: Labels | None,
    *,
    title: str,
    colours: Colours | None = None,
    unreliable: Unreliable = NONE,
) -> Figure:
    """Draw the rows in latent space, coloured by class, cluster or value.

    One factor is drawn as a histogram (or against a value), two as a plane, three in space and
    as three projections, more as all pairs of the six with the largest variance.

    z: (rows, factors); rows that are not finite are left out, and a fixed random choice of at most
    20,000 rows is drawn. groups: the class, the cluster (code -1 is noise) or the value of each
    row; rows of a `Trajectory` are joined by lines. colours: the number of the colour of each
    class, None for grey, so that a cluster can have the colour of its matching class; by default
    the code of the class. unreliable: rows that are drawn pale or in a ring, and
    factors that are starred.
    """
    rows = _chosen_rows(z)
    points = z[rows].astype(float)
    variances = points.var(axis=0) if len(points) else np.zeros(z.shape[1])
    factors = np.sort(np.argsort(-variances, kind="stable")[:MOST_FACTORS])
    reliable = np.ones(len(rows), bool) if unreliable.rows is None else ~unreliable.rows[rows]
    painted = paint(groups, rows, colours).faded(reliable)
    if unreliable.held_out is not None and not unreliable.held_out.all():
        painted = replace(painted, ringed=unreliable.held_out[rows])
    if isinstance(groups, Trajectory) and len(rows) == len(z):
        lines = [z[session][:, factors] for session in groups.sessions]
        painted = replace(painted, lines=lines)
    if len(factors) > 1:
        figure = _pairs(points[:, factors], [*map(unreliable.name, factors)], painted)
    else:
        figure = _one_factor(points, groups, rows, painted)
    if groups:
        height = figure.get_figheight() - 1.6 if len(factors) <= 3 else 3.3
        draw_key(figure, groups.name, painted.key, height)
    notes = _notes(z, points[:, factors], painted)
    if isinstance(groups, Values) and (painted.markers == CROSS).any():
        notes.append("crosses: rows without a value")
    if faded := int((~reliable).sum()):
        notes.append(f"faded: {counted(faded, 'row')} {unreliable.reason}")
    style.headline(figure, title, *notes, *unreliable.note, lines=2)
    return figure


def _notes(z: Floats, shown: Floats, painted: Paint) -> list[str]:
    """Return notes on omissions of the figure, and on its marks.

    z: (rows, factors). shown: (shown rows, shown factors).
    """
    notes = []
    if len(shown) < len(z):
        notes.append(f"{len(shown):,} of {len(z):,} rows shown")
    if shown.shape[1] < z.shape[1]:
        drawn = f"{shown.shape[1]} of {z.shape[1]} factors shown"
        notes.append(f"{drawn}, with the largest variance")
    if painted.ringed.any() and shown.shape[1] > 1:
        notes.append("ringed: held-out rows")
    if clipped := _count_beyond(shown):
        notes.append(f"arrows: {counted(clipped, 'row')} beyond the axes")
    return notes


def _chosen_rows(z: Floats) -> Integers:
    """Choose finite rows in random order, so that no class is drawn on top of the others."""
    finite = np.flatnonzero(np.isfinite(z).all(axis=1))
    return np.random.default_rng(0).permutation(finite)[:MOST_ROWS]


def _one_factor(z: Floats, groups: Labels | None, rows: Integers, painted: Paint) -> Figure:
    """Draw a histogram, or dots if there is a value for each row. z: (rows, 1)."""
    figure, grid = style.canvas((1, 1), (5.6, 3.8), style.Margins(left=0.95, right=KEY, top=TOP))
    axes = panel(figure, grid[0])
    style.few_ticks(axes, 6)
    if isinstance(groups, Values):
        painted.scatter(axes, np.column_stack([z, groups.values[rows]]), _dot_size(z, 4))
        axes.set(xlabel="z1", ylabel=style.fit(groups.name, 3.8, style.TEXT))
    else:
        painted.histogram(axes, z[:, 0], _bins(z[:, 0]))
        axes.set(xlabel="z1", ylabel="rows")
    style.place_labels(axes)
    return figure


def _pairs(z: Floats, names: Sequence[str], painted: Paint) -> Figure:
    """Draw all pairs of factors; the upper right is for the legend, and for the view in space."""
    k, diagonal = len(names), len(names) > 3
    side = {2: 4.4, 3: 2.8}.get(k, 6.4 / k)
    margins = style.Margins(left=0.9, right=0.25 if diagonal else KEY, across=0.28, top=TOP)
    figure, grid = style.canvas((k - (not diagonal),) * 2, (side, side), margins)
    windows = _windows(z)
    inside = np.clip(z, *windows.T)
    for x, y in (combinations_with_replacement if diagonal else combinations)(range(k), 2):
        axes = panel(figure, grid[y - (not diagonal), x])
        style.few_ticks(axes, max(3, round(1.3 * side)))
        axes.set(xlim=windows[x], xlabel=names[x], ylabel=names[y])
        style.place_labels(axes, left=0.6)
        if x == y:
            axes.set_yticks([])
            painted.histogram(axes, inside[:, x], _bins(z[:, x]))
        else:
            axes.set_ylim(windows[y])
            for line in painted.lines:
                axes.plot(line[:, x], line[:, y], **LINE)
            arrows = _arrows(z[:, [x, y]], windows[[x, y]], painted.markers)
            shown = replace(painted, markers=arrows)
            shown.scatter(axes, inside[:, [x, y]], _dot_size(z, side))
        axes.label_outer()
    if k == 3:
        limits = dict(zip(names, windows, strict=True))
        space(panel(figure, grid[0, 1]), inside, limits, painted, _dot_size(z, 2))
    return figure


def _windows(z: Floats) -> Floats:
    """Return the limits of the axis of each factor: (factors, 2).

    All axes have the same length, so that a distance looks the same in every direction, unless
    the range of one factor is more than 5 times that of another. A constant factor gets the
    longest axis. Where a few rows would squash the others, the axis ends near the 1 and 99 %
    quantiles.
    """
    low, high = np.quantile(z, [0, 1], axis=0) if len(z) else np.zeros((2, z.shape[1]))
    if len(z) >= FEWEST:
        lowest = np.quantile(z, 0.01, axis=0, method="higher")  # of few rows, not the outermost
        most = np.array([lowest, np.quantile(z, 0.99, axis=0, method="lower")])
        spans = np.ptp(most, axis=0)
        squashed = (high - low > SQUASHED * spans) & (spans > 0)
        near = most + 0.5 * spans * np.array([[-1], [1]])
        low = np.where(squashed, np.maximum(low, near[0]), low)
        high = np.where(squashed, np.minimum(high, near[1]), high)
    spans = high - low
    longest = spans.max() or 1.0
    spans[spans < 1e-9 * longest] = longest
    if longest <= 5 * spans.min():
        spans[:] = longest
    half = np.maximum(0.55 * spans, 1e-6 * np.abs(low))  # room for rounding
    middle = (low + high) / 2
    return np.column_stack([middle - half, middle + half])


def _count_beyond(z: Floats) -> int:
    """Return the number of rows beyond the axes."""
    if z.shape[1] < 2:
        return 0
    low, high = _windows(z).T
    return int(((z < low) | (z > high)).any(axis=1).sum())


def _arrows(z: Floats, windows: Floats, markers: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the markers, with arrows for rows beyond the limits of a panel. z: (rows, 2)."""
    (left, right), (bottom, top) = windows
    x, y = z.T
    return np.select([x < left, x > right, y < bottom, y > top], ["<", ">", "v", "^"], markers)


def _bins(z: Floats) -> Floats:
    """Return the edges of a histogram; they differ even if all of `z` is equal."""
    [[low, high]] = _windows(z[:, None])
    return np.linspace(low, high, 31)


def _dot_size(z: Floats, side: float) -> float:
    """Return the size of a dot in points², so that all dots cover a constant area."""
    return float(np.clip(1500 * side**2 / max(len(z), 1), 2, 30))
