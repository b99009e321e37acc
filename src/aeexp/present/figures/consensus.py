"""How often other trainings assign the same rows to one cluster."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

SIDE = 5.4
"""Width and height of the matrix in inches."""
LEFT, RIGHT = 2.55, 1.45
"""Width in inches of the margins with the names of clusters and with the colour bar."""
NOISE = -1


@style.styled
def consensus(
    matrix: Floats,
    codes: Integers,
    clusters: Mapping[int, tuple[int, float]],
    *,
    title: str,
    threshold: float,
) -> Figure:
    """Draw how often two rows are in one cluster, with the rows sorted by the run's clusters.

    The names of clusters that are not reproduced are grey; clusters too small for a name have
    none. matrix: (shown, shown), from 0 to 1. codes: (shown,), the sorted cluster of each row, -1
    for noise. clusters: by code, the number of all its rows and its mean Jaccard index.
    title: the name of the clustering. threshold: the least mean Jaccard index of a reproduced
    cluster.
    """
    figure, axes = _matrix(matrix)
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    blocks = [*pairwise(edges)]
    least = style.SMALL * style.LINE / SIDE * len(codes)
    named = [(start, stop) for start, stop in blocks if stop - start >= least]
    for start, stop in named:
        text, reproduced = "noise", False
        if (cluster := clusters.get(int(codes[start]))) is not None:
            rows, jaccard = cluster
            text = f"{codes[start]}: {rows:,} rows, Jaccard {jaccard:.2f}"
            reproduced = jaccard >= threshold
        _write_name(axes, (start + stop) / 2, text, style.INK if reproduced else style.NOISE)
    for edge in {edge for block in named for edge in block}:
        axes.axhline(edge, color=style.FRAME, lw=0.8)
        axes.axvline(edge, color=style.FRAME, lw=0.8)
    clustered = codes != NOISE
    noise = "" if clustered.all() else ", or noise"
    notes = [f"grey: not reproduced (Jaccard below {threshold:g}){noise}"]
    if clustered.sum() < sum(rows for rows, _ in clusters.values()):
        notes.append(f"{len(codes):,} rows chosen at random")
    if len(named) < len(blocks):
        unnamed = len(blocks) - len(named)
        notes.append(f"{unnamed} of {len(blocks)} blocks too small for a name")
    style.headline(figure, _title(title, clusters, threshold), *notes)
    return figure


def _title(name: str, clusters: Mapping[int, tuple[int, float]], threshold: float) -> str:
    count = sum(jaccard >= threshold for _, jaccard in clusters.values())
    return f"Other trainings find {count} of {len(clusters)} clusters of {name} again"


def _matrix(matrix: Floats) -> tuple[Figure, Axes]:
    """Return a figure with the matrix and a colour bar, and the axes of the matrix."""
    rows = len(matrix)
    margins = style.Margins(left=LEFT, right=RIGHT, bottom=0.5, top=0.85)
    figure, grid = style.canvas((1, 1), (SIDE, SIDE), margins)
    axes = panel(figure, grid[0], xlim=(0, rows), ylim=(rows, 0))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.xaxis.set_ticks([])
    axes.yaxis.set_ticks([])
    edges = np.arange(rows + 1)
    axes.pcolormesh(edges, edges, matrix, vmin=0, vmax=1, cmap=style.COUNTS, rasterized=True)
    axes.set_xlabel("rows, in the same order as from top to bottom")
    style.place_labels(axes, below=0.12, left=0)
    scale = ScalarMappable(Normalize(0, 1), style.COUNTS)
    place = LEFT + SIDE + 0.25, margins.bottom, SIDE
    style.colour_bar(figure, place, scale, "share of trainings with both rows in one cluster")
    return figure, axes


def _write_name(axes: Axes, middle: float, text: str, colour: str) -> None:
    """Write the name of a cluster at the left of its rows."""
    axes.text(
        -0.1 / SIDE,
        middle,
        text,
        transform=axes.get_yaxis_transform(),
        color=colour,
        fontsize=style.SMALL,
        ha="right",
        va="center",
    )
