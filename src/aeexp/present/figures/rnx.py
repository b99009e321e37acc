"""The neighbours of a row that each method preserves, by the number of neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

WIDE, HIGH = 7.8, 4.0


@dataclass(frozen=True)
class Curve:
    """R_NX and the number of neighbours K, both (points,), and the area under it over ln K."""

    neighbours: Integers
    r_nx: Floats
    area: float


@style.styled
def rnx(curves: Mapping[str, Curve]) -> Figure:
    """Draw the preserved neighbours, corrected for chance, of each method.

    curves: by the name of the method, at least one.
    """
    rows = ceil(len(curves) / 2)
    margins = style.Margins(left=0.9, top=0.8 + rows * style.TEXT * style.LINE)
    figure, grid = style.canvas((1, 1), (WIDE, HIGH), margins)
    axes = panel(figure, grid[0])
    for name, curve in curves.items():
        _curve(axes, name, curve)
    _scale(axes, curves)
    axes.set(xlabel="neighbours of a row, K", ylabel="preserved above chance: R_NX(K)")
    style.place_labels(axes)
    style.legend(figure, left=0.75, down=0.62, ncols=2, borderaxespad=0, columnspacing=1.5)
    note = "1: the same neighbours as in the features; 0: as many as by chance"
    style.headline(figure, _title(curves), note)
    return figure


def _title(curves: Mapping[str, Curve]) -> str:
    areas = {name: curve.area for name, curve in curves.items() if np.isfinite(curve.area)}
    if not areas:
        return "Neighbours that the methods preserve"
    best = max(areas, key=lambda name: areas[name])
    return f"Of these methods, {best} preserves neighbours best (AUC {areas[best]:.2f})"


def _curve(axes: Axes, name: str, curve: Curve) -> None:
    shown = style.fit(name, WIDE / 2 - 1.7, style.TEXT)
    area = "-" if np.isnan(curve.area) else f"{curve.area:.2f}"
    first = name == style.AUTOENCODER
    axes.plot(
        curve.neighbours,
        curve.r_nx,
        color=style.method_colour(name),
        label=f"{shown} (AUC {area})",
        lw=3 if first else 2,
        zorder=3 if first else 2,
        marker="o" if len(curve.neighbours) == 1 else None,
    )


def _scale(axes: Axes, curves: Mapping[str, Curve]) -> None:
    """Set the limits of R_NX, from 0 or its least value to 1, and of the neighbours."""
    least = min(curve.r_nx.min(initial=0) for curve in curves.values())
    most = max(curve.neighbours.max(initial=2) for curve in curves.values())
    axes.set_xscale("log")
    steps = (1, 2, 5) if most < 1_000 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlim=(0.95, 1.05 * most), ylim=(1.05 * least, 1.02))
    axes.axhline(0, color=style.FRAME, lw=0.8)
