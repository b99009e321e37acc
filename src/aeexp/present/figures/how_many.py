"""How many dimensions and clusters there are, and what speaks for it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

Columns = Mapping[str, Any]
WIDE, HIGH, LOW = 3.75, 3.2, 1.0
CURVES = {
    "r2": ("autoencoder", style.PALETTE[0], "-", "o"),
    "pca_r2": ("PCA", style.PALETTE[1], "--", "s"),
    "permuted_r2": ("permuted columns", style.NOISE, "-", "D"),
}
CHOSEN = "#029E73"


@style.styled
def how_many(dimensions: Columns, clusters: Columns, name: str) -> Figure:
    """Draw what each number of dimensions explains, and what each number of clusters is worth.

    Bands are a standard error to either side; what is recommended is shaded. dimensions, clusters:
    the columns of how_many.csv and clusters.csv.
    """
    margins = style.Margins(left=1.05, right=0.25, bottom=0.55, top=1.15, across=1.15)
    figure, grid = style.canvas((1, 2), (WIDE, HIGH + LOW + 0.15), margins)
    ratios: dict[str, Any] = {"height_ratios": [HIGH, LOW], "hspace": 0.3 / (HIGH + LOW)}
    columns = [grid[i].subgridspec(2, 1, **ratios) for i in range(2)]
    (explained, alike), (gap, agreed) = (
        (panel(figure, rows[0]), panel(figure, rows[1])) for rows in columns
    )
    _dimensions(explained, dimensions)
    _curve(alike, dimensions["latent_dim"], dimensions["stability"], CURVES["r2"])
    _gap(gap, clusters)
    _curve(agreed, clusters["n_clusters"], clusters["stability"], CURVES["r2"])
    _label((explained, alike), dimensions["latent_dim"], "latent dimensions", "agreement\n(CKA)")
    _label((gap, agreed), clusters["n_clusters"], "clusters", "agreement\n(ARI)")
    explained.set_ylabel("explained variance (R²)")
    gap.set_ylabel("gap statistic")
    for axes in (explained, alike):
        _shade(axes, dimensions["latent_dim"], dimensions["recommended"])
    for axes in (gap, agreed):
        _shade(axes, clusters["n_clusters"], clusters["recommended"])
    style.place_labels(explained, alike, left=0.5)
    style.place_labels(gap, agreed, left=0.5)
    _legend(figure, explained)
    style.headline(figure, f"{name}: how many?", _recommended(dimensions, clusters))
    return figure


def _dimensions(axes: Axes, table: Columns) -> None:
    for column, look in CURVES.items():
        _curve(axes, table["latent_dim"], table[column], look, table.get(f"{column}_se"))
    axes.margins(y=0.08)


def _curve(axes: Axes, x: Any, y: Any, look: tuple[str, str, str, str], error: Any = None) -> None:
    label, colour, line, marker = look
    if error is not None:
        axes.fill_between(x, y - error, y + error, color=colour, alpha=0.2, lw=0)
    axes.plot(x, y, color=colour, ls=line, marker=marker, ms=5, lw=2, label=label)


def _gap(axes: Axes, table: Columns) -> None:
    look: dict[str, Any] = {"color": CURVES["r2"][1], "marker": "o", "ms": 5, "lw": 2}
    axes.errorbar(table["n_clusters"], table["gap"], table["gap_se"], capsize=3, **look)


def _label(axes: tuple[Axes, Axes], counts: Any, below: str, agree: str) -> None:
    above, lower = axes
    for each in axes:
        each.set_xlim(counts[0] - 0.6, counts[-1] + 0.6)
        each.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
        each.yaxis.set_major_locator(MaxNLocator(6))
        each.yaxis.set_major_formatter("{x:g}")
    above.tick_params(labelbottom=False)
    lower.set(xlabel=below, ylabel=agree, ylim=(-0.08, 1.08), yticks=[0, 0.5, 1])


def _shade(axes: Axes, counts: Any, recommended: Any) -> None:
    chosen = np.asarray(counts)[np.asarray(recommended, bool)]
    if chosen.size:
        axes.axvspan(chosen[0] - 0.4, chosen[-1] + 0.4, color=CHOSEN, alpha=0.15, lw=0, zorder=0)


def _legend(figure: Figure, axes: Axes) -> None:
    x, y = figure.get_size_inches()
    handles, labels = axes.get_legend_handles_labels()
    place = (0.1 / x, 1 - 0.62 / y)
    look: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": place, "ncols": len(labels)}
    figure.legend(handles, labels, **look)


def _recommended(dimensions: Columns, clusters: Columns) -> str:
    return (
        "bands and bars: a standard error; below: how far seeds agree; shaded: recommended,"
        f" dimensions {_range(dimensions['latent_dim'], dimensions)},"
        f" clusters {_range(clusters['n_clusters'], clusters)}"
    )


def _range(counts: Any, table: Columns) -> str:
    chosen = np.asarray(counts)[np.asarray(table["recommended"], bool)]
    if not chosen.size:
        return "undecided"
    return f"{chosen[0]}" if len(chosen) == 1 else f"{chosen[0]} to {chosen[-1]}"
