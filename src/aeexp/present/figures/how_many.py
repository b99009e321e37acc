"""How many dimensions and clusters a table has."""

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
CURVES: dict[str, dict[str, Any]] = {
    "r2": {"label": "autoencoder", "color": style.PALETTE[0], "ls": "-", "marker": "o"},
    "pca_r2": {"label": "PCA", "color": style.PALETTE[1], "ls": "--", "marker": "s"},
    "permuted_r2": {
        "label": "permuted columns", "color": style.NOISE, "ls": "-", "marker": "D",
    },
}  # fmt: skip
CHOSEN = "#029E73"


@style.styled
def how_many(dimensions: Columns, clusters: Columns, name: str) -> Figure:
    """Draw R² by number of dimensions, the gap by number of clusters, and the agreement of seeds.

    Bands are ± 1 standard error; the recommended numbers are shaded. dimensions, clusters: the
    columns of how_many.csv and clusters.csv.
    """
    margins = style.Margins(left=1.05, right=0.25, bottom=0.55, top=1.15, across=1.15)
    figure, grid = style.canvas((1, 2), (WIDE, HIGH + LOW + 0.15), margins)
    ratios: dict[str, Any] = {"height_ratios": [HIGH, LOW], "hspace": 0.3 / (HIGH + LOW)}
    columns = [grid[i].subgridspec(2, 1, **ratios) for i in range(2)]
    (explained, cka), (gap, ari) = (
        (panel(figure, rows[0]), panel(figure, rows[1])) for rows in columns
    )
    counts = dimensions["latent_dim"]
    for column, look in CURVES.items():
        _curve(explained, counts, dimensions[column], look, dimensions.get(f"{column}_se"))
    explained.margins(y=0.08)
    explained.set_ylabel("explained variance (R²)")
    _curve(cka, counts, dimensions["stability"], CURVES["r2"])
    few = np.asarray(counts)[np.asarray(dimensions["recommended"], bool)]
    _finish((explained, cka), counts, few, ("latent dimensions", "CKA"))
    counts = clusters["n_clusters"]
    look = {"color": style.PALETTE[0], "marker": "o", "ms": 5, "lw": 2}
    gap.errorbar(counts, clusters["gap"], clusters["gap_se"], capsize=3, **look)
    gap.set_ylabel("gap statistic")
    _curve(ari, counts, clusters["stability"], CURVES["r2"])
    groups = np.asarray(counts)[np.asarray(clusters["recommended"], bool)]
    _finish((gap, ari), counts, groups, ("clusters", "ARI"))
    handles, labels = explained.get_legend_handles_labels()
    style.legend(figure, handles, labels, left=0.1, down=0.62, ncols=len(labels))
    numbers = f"dimensions {_range(few)}, clusters {_range(groups)}"
    notes = "bands and bars: ± 1 standard error", "below: agreement of seeds"
    title = f"{name}: how many dimensions and clusters?"
    style.headline(figure, title, *notes, f"shaded: recommended, {numbers}")
    return figure


def _curve(axes: Axes, x: Any, y: Any, look: dict[str, Any], error: Any = None) -> None:
    if error is not None:
        axes.fill_between(x, y - error, y + error, color=look["color"], alpha=0.2, lw=0)
    axes.plot(x, y, ms=5, lw=2, **look)


def _finish(
    panels: tuple[Axes, Axes], counts: Any, recommended: Any, names: tuple[str, str]
) -> None:
    """Set limits, ticks and labels of two panels, and shade the recommended numbers.

    names: of the counts, and of the measure of agreement.
    """
    (above, below), (name, agreement) = panels, names
    for axes in panels:
        axes.set_xlim(counts[0] - 0.6, counts[-1] + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_formatter("{x:g}")
        if recommended.size:
            span = recommended[0] - 0.4, recommended[-1] + 0.4
            axes.axvspan(*span, color=CHOSEN, alpha=0.15, lw=0, zorder=0)
    above.tick_params(labelbottom=False)
    below.set(xlabel=name, ylabel=f"agreement\n({agreement})")
    below.set(ylim=(-0.08, 1.08), yticks=[0, 0.5, 1])
    style.place_labels(above, below, left=0.5)


def _range(numbers: Any) -> str:
    if not numbers.size:
        return "undecided"
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
