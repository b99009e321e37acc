"""The loss by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

CURVES = {"loss": ("training", style.TRAINING), "val_loss": ("validation", style.VALIDATION)}


@style.styled
def loss(
    history: Mapping[str, Floats],
    *repeats: Mapping[str, Floats],
    kind: str = "repeats",
    pca: float = np.nan,
) -> Figure:
    """Draw the loss on training and validation rows, and the learning rate where it varies.

    Bands contain 90 % of `history` and its `repeats` at each epoch. history: columns `epoch`,
    `loss`, `val_loss` (absent or NaN without validation rows) and `learning_rate`, each
    (epochs,). kind: what the histories are, for the legend. pca: the loss on validation rows of
    PCA with as many factors; NaN draws no line. Values that are not finite are left out, and the
    epoch at which the run diverged is marked.
    """
    epoch = history["epoch"]
    curves = {name: history[name] for name in CURVES if np.isfinite(history.get(name, [])).any()}
    rate = np.asarray(history.get("learning_rate", []))
    varies = np.unique(rate[np.isfinite(rate)]).size > 1
    figure, top = _axes(legend=1.75 if repeats else 1.5, varies=varies)
    margin = max(0.5, 0.02 * len(epoch))
    last = max(columns["epoch"][-1] for columns in (history, *repeats))
    top.set_xlim(epoch[0] - margin, last + margin)
    for name, values in curves.items():
        finite, (title, colour) = np.isfinite(values), CURVES[name]
        label = f"{title} (final {values[finite][-1]:.3g})"
        marker = "o" if finite.sum() == 1 else None
        top.plot(epoch[finite], values[finite], color=colour, label=label, lw=2, marker=marker)
    bands = [_band(top, name, [history, *repeats], kind) for name in CURVES if repeats]
    _scale(top, np.concatenate([[pca], *curves.values(), *bands]))
    if np.isfinite(pca):
        look: dict[str, Any] = {"color": style.method_colour("PCA"), "ls": "--", "lw": 1.5}
        top.axhline(pca, label=f"PCA, validation ({pca:.3g})", **look)
    _mark_best(top, epoch, curves.get("val_loss"))
    _mark_divergence(top, epoch, [history["loss"], *curves.values()])
    if varies:
        figure.axes[1].plot(epoch, rate, color=style.INK)
    style.place_labels(*figure.axes)
    style.legend(figure, left=0.85, down=0.42, ncols=2)
    style.headline(figure, _title(curves, pca))
    return figure


def _title(curves: Mapping[str, Floats], pca: float) -> str:
    """Return what the curves show at their end."""
    name = "val_loss" if "val_loss" in curves else "loss"
    values = curves.get(name, np.empty(0))
    values = values[np.isfinite(values)]
    if not values.size:
        return "The loss is never finite"
    title = f"The {CURVES[name][0]} loss ends at {values[-1]:.3g}"
    return f"{title}; that of PCA is {pca:.3g}" if np.isfinite(pca) else title


def _axes(legend: float, *, varies: bool) -> tuple[Figure, Axes]:
    """Return the figure and its upper panel; there is a lower panel for a varying rate.

    legend: inches above the upper panel.
    """
    heights = [3.3, 0.9] if varies else [4.0]
    margins = style.Margins(left=1.1, top=legend)
    figure, grid = style.canvas((1, 1), (7.8, sum(heights) + 0.2), margins)
    panels = grid[0].subgridspec(len(heights), 1, height_ratios=heights, hspace=0.12)
    top = panel(figure, panels[0])
    top.set_ylabel("loss")
    if varies:
        below = panel(figure, panels[1], sharex=top)
        below.set_ylabel("learning\nrate")
        style.few_ticks(below, 2)
        top.tick_params(labelbottom=False)
    style.few_ticks(top, 7)
    figure.axes[-1].set_xlabel("epoch")
    figure.axes[-1].xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    return figure, top


def _band(axes: Axes, name: str, histories: Sequence[Mapping[str, Floats]], kind: str) -> Floats:
    """Fill the band that contains 90 % of the histories; return the values of both its edges."""
    longest = max(histories, key=lambda history: len(history["epoch"]))["epoch"]
    values = np.full((len(histories), len(longest)), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history["epoch"])] = history.get(name, np.nan)
    values[~np.isfinite(values)] = np.nan
    drawn = np.isfinite(values).any(0)
    if not drawn.any():
        return np.empty(0)
    low, high = np.nanquantile(values[:, drawn], [0.05, 0.95], axis=0)
    stops = len({len(history["epoch"]) for history in histories}) > 1
    label = f"90 % of {len(histories)} {kind}" + (" while they train" if stops else "")
    look: dict[str, Any] = {"color": CURVES[name][1], "alpha": 0.25, "lw": 0}
    axes.fill_between(longest[drawn], low, high, label=label if name == "loss" else None, **look)
    return np.concatenate([low, high])


def _scale(axes: Axes, values: Floats) -> None:
    """Make the axis logarithmic if the losses span a factor of 10 or more."""
    values = values[np.isfinite(values)]
    if not values.size:
        axes.text(0.55, 0.5, "no finite loss", transform=axes.transAxes)
    elif 0 < 10 * values.min() <= values.max():
        axes.set_yscale("log")
        steps = (1, 2, 5) if values.max() < 100 * values.min() else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=steps))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())


def _mark_best(axes: Axes, epoch: Floats, values: Floats | None) -> None:
    """Mark the least validation loss, unless it is near the end."""
    if values is None:
        return
    best = int(np.nanargmin(np.where(np.isfinite(values), values, np.nan)))
    if len(values) - 1 - best > 0.05 * len(values):
        label = f"best validation ({values[best]:.3g} at epoch {epoch[best]:g})"
        ring: dict[str, Any] = {"mec": style.VALIDATION, "mfc": "white", "ms": 9, "mew": 2}
        axes.plot(epoch[best], values[best], "o", label=label, **ring)


def _mark_divergence(axes: Axes, epoch: Floats, curves: list[Floats]) -> None:
    diverged = ~np.isfinite(curves).all(axis=0)
    if diverged.any():
        first = epoch[diverged.argmax()]
        axes.axvline(first, color=style.INK, ls="--", label=f"diverged at epoch {first:g}")
