"""Where the rows lie in latent space."""

from collections.abc import Iterator, Sequence
from itertools import combinations, combinations_with_replacement

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aeexp.data.dataset import Floats, Integers, Labels, Values
from aeexp.present.figures import style
from aeexp.present.figures.paint import CROSS, KEY, Colours, Paint, draw_key, paint
from aeexp.present.figures.panel import Panel, panel
from aeexp.present.figures.space import space
from aeexp.present.figures.unreliable import Unreliable

MOST_ROWS = 20_000
MOST_FACTORS = 6
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
    """Draw the rows in latent space, coloured by what they are known or found to be.

    One factor is drawn as a histogram (or against a value), two as a plane, three in space and
    as its three projections, more as all pairs of the six with the largest variance.

    z: (rows, factors); rows that are not finite are left out, and of more than 20,000 a fixed
    random choice is drawn. groups: the class or the cluster of each row (code -1 is noise), or
    its value. colours: for each class the number of its colour, so that a cluster can have that
    of the class it matches, None for grey; by default the code of the class. unreliable: rows that
    are drawn pale, and factors that are starred.
    """
    rows = _chosen_rows(z)
    points = z[rows].astype(float)
    factors = _chosen_factors(points)
    believed = np.ones(len(rows), bool) if unreliable.rows is None else ~unreliable.rows[rows]
    painted = paint(groups, rows, colours).faded(believed)
    if len(factors) > 1:
        figure = _pairs(points[:, factors], [*map(unreliable.name, factors)], painted)
    elif isinstance(groups, Values):
        figure = _against(groups.name, np.column_stack([points, groups.values[rows]]), painted)
    else:
        figure = _distribution(points[:, 0], painted)
    if groups:
        high = figure.get_figheight() - 1.6 if len(factors) <= 3 else 3.3
        draw_key(figure, groups.name, painted.key, high)
    notes = *_left_out(z, rows, factors), *_explained(groups, painted)
    pale = _doubted(believed, unreliable.reason)
    style.headline(figure, title, *notes, *pale, *unreliable.note, lines=2)
    return figure


def _chosen_rows(z: Floats) -> Integers:
    """Choose finite rows in random order, so that no class is drawn on top of the others."""
    finite = np.flatnonzero(np.isfinite(z).all(axis=1))
    return np.random.default_rng(0).permutation(finite)[:MOST_ROWS]


def _chosen_factors(z: Floats) -> Integers:
    variances = z.var(axis=0) if len(z) else np.zeros(z.shape[1])
    return np.sort(np.argsort(-variances, kind="stable")[:MOST_FACTORS])


def _left_out(z: Floats, rows: Integers, factors: Integers) -> Iterator[str]:
    if len(rows) < len(z):
        yield f"{len(rows):,} of {len(z):,} rows shown"
    if len(factors) < z.shape[1]:
        yield f"{len(factors)} of {z.shape[1]} factors shown, those with the largest variance"


def _explained(groups: Labels | None, painted: Paint) -> Iterator[str]:
    if isinstance(groups, Values) and (painted.markers == CROSS).any():
        yield "crosses: rows without a value"


def _doubted(believed: NDArray[np.bool_], why: str) -> Iterator[str]:
    count = int((~believed).sum())
    if count:
        yield f"faded: {count:,} {'row' if count == 1 else 'rows'} {why}"


def _distribution(z: Floats, painted: Paint) -> Figure:
    figure, axes = _one_panel()
    painted.histogram(axes, z, _bins(z))
    axes.set(xlabel="z1", ylabel="rows")
    style.place_labels(axes)
    return figure


def _against(name: str, points: Floats, painted: Paint) -> Figure:
    figure, axes = _one_panel()
    painted.scatter(axes, points, _dot_size(points, 4))
    axes.set(xlabel="z1", ylabel=style.fit(name, 3.8, style.TEXT))
    style.place_labels(axes)
    return figure


def _one_panel() -> tuple[Figure, Panel]:
    figure, grid = style.canvas((1, 1), (5.6, 3.8), style.Margins(left=0.95, right=KEY, top=TOP))
    axes = panel(figure, grid[0])
    style.few_ticks(axes, 6)
    return figure, axes


def _pairs(z: Floats, names: Sequence[str], painted: Paint) -> Figure:
    """Draw every pair of factors; the upper right is left to the key, and to three in space."""
    k, diagonal = len(names), len(names) > 3
    side = {2: 4.4, 3: 2.8}.get(k, 6.4 / k)
    margins = style.Margins(left=0.9, right=0.25 if diagonal else KEY, across=0.28, top=TOP)
    figure, grid = style.canvas((k - (not diagonal),) * 2, (side, side), margins)
    windows = _windows(z)
    for x, y in (combinations_with_replacement if diagonal else combinations)(range(k), 2):
        axes = panel(figure, grid[y - (not diagonal), x])
        style.few_ticks(axes, max(3, round(1.3 * side)))
        axes.set(xlim=windows[x], xlabel=names[x], ylabel=names[y])
        style.place_labels(axes, left=0.6)
        if x == y:
            axes.set_yticks([])
            painted.histogram(axes, z[:, x], _bins(z[:, x]))
        else:
            axes.set_ylim(windows[y])
            painted.scatter(axes, z[:, [x, y]], _dot_size(z, side))
        axes.label_outer()
    if k == 3:
        named = dict(zip(names, windows, strict=True))
        space(panel(figure, grid[0, 1]), z, named, painted, _dot_size(z, 2))
    return figure


def _windows(z: Floats) -> Floats:
    """Return the stretch of each factor that is drawn: (factors, 2).

    They are of one length, so that a distance looks the same in every direction, unless some
    factor extends more than 5 times as far as another. A constant factor gets the longest.
    """
    low, high = np.quantile(z, [0, 1], axis=0) if len(z) else np.zeros((2, z.shape[1]))
    spans = high - low
    longest = spans.max() or 1.0
    spans[spans < 1e-9 * longest] = longest
    if longest <= 5 * spans.min():
        spans[:] = longest
    half = np.maximum(0.55 * spans, 1e-6 * np.abs(low))  # room for rounding
    middle = (low + high) / 2
    return np.column_stack([middle - half, middle + half])


def _bins(z: Floats) -> Floats:
    """Return the edges of a histogram, which differ even where all of `z` is the same."""
    [[low, high]] = _windows(z[:, None])
    return np.linspace(low, high, 31)


def _dot_size(z: Floats, side: float) -> float:
    """Return the size of a dot in points²: a panel of `side` inches holds a constant ink."""
    return float(np.clip(1500 * side**2 / max(len(z), 1), 2, 30))
