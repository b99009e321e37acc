"""How many of its neighbours a row keeps, near and far, by each method."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import methods, style
from aeexp.present.figures.panel import panel

WIDE, HIGH = 7.8, 4.0


@dataclass(frozen=True)
class Curve:
    """R_NX over the number of neighbours K, both (points,), and the area below it over ln K."""

    neighbours: Integers
    r_nx: Floats
    area: float


@style.styled
def rnx(curves: Mapping[str, Curve]) -> Figure:
    """Draw how many neighbours more than by chance are kept, for each method by its name.

    curves: at least one.
    """
    rows = ceil(len(curves) / 2)
    margins = style.Margins(left=0.9, top=0.8 + rows * style.TEXT * style.LINE)
    figure, grid = style.canvas((1, 1), (WIDE, HIGH), margins)
    axes = panel(figure, grid[0])
    for name, curve in curves.items():
        _curve(axes, name, curve)
    _scale(axes, curves)
    axes.set(xlabel="neighbours of a row, K", ylabel="kept, beyond chance: R_NX(K)")
    style.place_labels(axes)
    x, y = figure.get_size_inches()
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.75 / x, 1 - 0.62 / y)}
    figure.legend(**place, ncols=2, borderaxespad=0, columnspacing=1.5)
    note = "1: all neighbours are the same as among the features; 0: as by chance"
    style.headline(figure, "Neighbours kept in latent space", note)
    return figure


def _curve(axes: Axes, name: str, curve: Curve) -> None:
    shown = style.fit(name, WIDE / 2 - 1.7, style.TEXT)
    area = "-" if np.isnan(curve.area) else f"{curve.area:.2f}"
    first = name == methods.AUTOENCODER
    axes.plot(
        curve.neighbours,
        curve.r_nx,
        color=methods.colour(name),
        label=f"{shown} (AUC {area})",
        lw=3 if first else 2,
        zorder=3 if first else 2,
        marker="o" if len(curve.neighbours) == 1 else None,
    )


def _scale(axes: Axes, curves: Mapping[str, Curve]) -> None:
    """Show R_NX from 0, or from its least, to 1, over all numbers of neighbours."""
    least = min(curve.r_nx.min(initial=0) for curve in curves.values())
    most = max(curve.neighbours.max(initial=2) for curve in curves.values())
    axes.set_xscale("log")
    steps = (1, 2, 5) if most < 1_000 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlim=(0.95, 1.05 * most), ylim=(1.05 * least, 1.02))
    axes.axhline(0, color=style.FRAME, lw=0.8)
