"""Which rows other trainings put together, too."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

SIDE = 5.4
"""Inches that the matrix is wide and high."""
LEFT, RIGHT = 2.55, 1.45
"""Inches of the margins with the names of clusters and with the colour bar."""
NOISE = -1
Block = tuple[int, int, int]
"""A cluster's code, its first row in the matrix and the one after its last."""


@style.styled
def consensus(
    matrix: Floats,
    codes: Integers,
    clusters: Mapping[int, tuple[int, float]],
    *,
    title: str,
    enough: float,
) -> Figure:
    """Draw how often each two rows are in one cluster, cluster by cluster of the run.

    Names of clusters that are not found again are grey; those of clusters too small for one are
    left out. matrix: (shown, shown), from 0 to 1. codes: (shown,), the cluster of each row, rows
    of one together, -1 for noise. clusters: by code, how many of all rows it has, and its mean
    Jaccard index with its likes, which is at least `enough` where it is found again.
    """
    blocks = [*_blocks(codes)]
    figure, axes = _map(matrix)
    named = [block for block in blocks if _is_high(block, len(codes))]
    for code, start, stop in named:
        _name(axes, (start + stop) / 2, code, clusters.get(code), enough)
    for edge in sorted({edge for _, *edges in named for edge in edges}):
        axes.axhline(edge, color=style.FRAME, lw=0.8)
        axes.axvline(edge, color=style.FRAME, lw=0.8)
    notes = _notes(codes, clusters, enough)
    unnamed = len(blocks) - len(named)
    too_small = f"{unnamed} of {len(blocks)} blocks too small for a name" if unnamed else ""
    style.headline(figure, title, *notes, *filter(None, [too_small]))
    return figure


def _notes(
    codes: Integers, clusters: Mapping[int, tuple[int, float]], enough: float
) -> Iterator[str]:
    clustered = codes != NOISE
    noise = "" if clustered.all() else ", or noise"
    yield f"grey: not found again (Jaccard below {enough:g}){noise}"
    if clustered.sum() < sum(rows for rows, _ in clusters.values()):
        yield f"{len(codes):,} rows chosen at random"


def _blocks(codes: Integers) -> Iterator[Block]:
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, stop in pairwise(edges):
        yield int(codes[start]), start, stop


def _map(matrix: Floats) -> tuple[Figure, Axes]:
    """Return a figure with the matrix as a heat map and its colour bar, and its axes."""
    rows = len(matrix)
    margins = style.Margins(left=LEFT, right=RIGHT, bottom=0.5, top=0.85)
    figure, grid = style.canvas((1, 1), (SIDE, SIDE), margins)
    axes = panel(figure, grid[0], xlim=(0, rows), ylim=(rows, 0))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.xaxis.set_ticks([])
    axes.yaxis.set_ticks([])
    edges = np.arange(rows + 1)
    look: dict[str, Any] = {"vmin": 0, "vmax": 1, "cmap": style.COUNTS, "rasterized": True}
    axes.pcolormesh(edges, edges, matrix, **look)
    axes.set_xlabel("rows, in the same order as downwards")
    style.place_labels(axes, below=0.12, left=0)
    scale = ScalarMappable(Normalize(0, 1), style.COUNTS)
    place = LEFT + SIDE + 0.25, margins.bottom, SIDE
    style.colour_bar(figure, place, scale, "share of trainings with both in one cluster")
    return figure, axes


def _is_high(block: Block, rows: int) -> bool:
    _, start, stop = block
    return (stop - start) / rows * SIDE >= style.SMALL * style.LINE


def _name(
    axes: Axes, middle: float, code: int, found: tuple[int, float] | None, enough: float
) -> None:
    """Write what a cluster is called, and its size, left of its rows."""
    text, grey = "noise", True
    if found:
        rows, jaccard = found
        text, grey = f"{code}: {rows:,} rows, Jaccard {jaccard:.2f}", not jaccard >= enough
    axes.text(
        -0.1 / SIDE,
        middle,
        text,
        transform=axes.get_yaxis_transform(),
        color=style.NOISE if grey else style.INK,
        fontsize=style.SMALL,
        ha="right",
        va="center",
    )
