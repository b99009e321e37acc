"""The trials of a search, and the importance of its parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeexp.analysis.sweep.study import Study
from aeexp.present.figures import style
from aeexp.present.figures.sweep.axis import scale

MOST_BARS = 20
WIDE, HIGH = 7.2, 3.0
LONGEST = 2.4
"""Greatest width in inches of the name of a parameter."""


@style.styled
def search(study: Study) -> Figure:
    """Draw the value of each trial and the best so far, with a panel for each objective."""
    rows = len(study.objectives)
    margins = style.Margins(left=0.95, top=1.0, down=0.35)
    figure, grid = style.canvas((rows, 1), (WIDE, HIGH), margins)
    for objective, name in enumerate(study.objectives):
        axes = figure.add_subplot(grid[objective])
        _objective(axes, study, objective)
        better = "more" if study.maximised[objective] else "less"
        axes.set_ylabel(style.fit(f"{name} ({better} is better)", HIGH, style.TEXT))
        axes.tick_params(labelbottom=objective == rows - 1)
    figure.axes[-1].set_xlabel("trial")
    style.legend(
        figure,
        *figure.axes[0].get_legend_handles_labels(),
        left=0.15,
        down=0.45,
        ncols=4,
        fontsize=style.SMALL,
        borderaxespad=0,
        borderpad=0,
    )
    style.headline(figure, "The trials of the search")
    return figure


def _objective(axes: Axes, study: Study, objective: int) -> None:
    values, best = study.values(objective), study.best(objective)
    number = np.array([trial.number for trial in study.trials])
    state = np.array([trial.state for trial in study.trials])
    finite = np.isfinite(values)
    done = finite & (state == "COMPLETE")
    pruned = finite & (state == "PRUNED")
    axes.scatter(number[done], values[done], s=36, color=style.PALETTE[0], label="trial", zorder=2)
    if pruned.any():
        look: dict[str, Any] = {"s": 30, "marker": "v", "color": style.PALETTE[1]}
        axes.scatter(number[pruned], values[pruned], label="pruned, its last value", **look)
    axes.step(number, best, where="post", color=style.INK, lw=1.8, label="best so far")
    ended = number[~finite & np.isin(state, ["FAIL", "PRUNED"])]
    at_the_bottom: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "zorder": 3}
    if len(ended):
        look = {"marker": "x", "s": 40, "color": style.PALETTE[3]}
        axes.scatter(ended, np.full(len(ended), 0.03), label="no value", **look, **at_the_bottom)
    scale(axes, "y", values)
    scale(axes, "x", [0, 1], 8)
    axes.set_xlim(number.min() - 0.5, number.max() + 0.5)


@style.styled
def importances(shares: Mapping[str, float]) -> Figure:
    """Draw the share of each parameter in the differences of the objective, greatest first."""
    names = list(shares)[:MOST_BARS]
    values = [shares[name] for name in names]
    left = min(LONGEST, style.widest(names, style.SMALL)) + 0.4
    size = (5.0, max(0.36 * len(names), 0.6))
    figure, grid = style.canvas((1, 1), size, style.Margins(left=left, right=0.9))
    axes = figure.add_subplot(grid[0])
    axes.barh(range(len(names)), values, color=style.PALETTE[0], height=0.65)
    axes.grid(visible=False, axis="y")
    axes.set(xlim=(0, max([*values, 1e-9]) * 1.02), ylim=(len(names) - 0.5, -0.5))
    scale(axes, "x", [0, 1])
    style.name_ticks(axes.yaxis, names, size[1] / len(names), LONGEST)
    for y, value in enumerate(values):
        place: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
        axes.annotate(f"{value:.2f}", (value, y), (5, 0), fontsize=style.SMALL, **place)
    axes.set_xlabel("share of the differences")
    more = f"the first {MOST_BARS} of {len(shares)} shown" if len(shares) > MOST_BARS else ""
    style.headline(figure, "Importance of the parameters in the search", more)
    return figure
