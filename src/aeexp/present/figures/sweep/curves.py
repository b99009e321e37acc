"""How the loss fell in each setting."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aeexp.analysis.sweep.histories import Band, Curves
from aeexp.present.figures import style
from aeexp.present.figures.sweep.axis import scale
from aeexp.present.text.sweep import setting_lines

COLOURS = {"loss": style.TRAINING, "val_loss": style.VALIDATION}
NAMES = {"loss": "training", "val_loss": "validation"}
WIDE, HIGH, LEFT = 2.0, 1.5, 0.95
SAMPLE = 0.5
"""Inches that a line of the legend has beside its words."""


@style.styled
def training(shown: Sequence[Curves], metric: str, left_out: str) -> Figure:
    """Draw a panel a setting, on shared axes: the median over seeds, in a band from least to most.

    shown: the best first. metric: the loss whose median in the best setting is dotted in every
    panel. left_out: a word on the settings that are not shown.
    """
    columns = min(4, len(shown))
    rows = ceil(len(shown) / columns)
    lines = max(len(each.setting.overrides) for each in shown)
    down = 0.12 + lines * style.SMALL * style.LINE
    handles = list(_handles(shown, metric))
    entry = SAMPLE + style.widest([str(each.get_label()) for each in handles], style.SMALL)
    abreast = min(len(handles), max(1, int((LEFT + columns * WIDE) / entry)))
    legend = ceil(len(handles) / abreast) * style.SMALL * style.LINE
    top = 0.8 + legend + down
    margins = style.Margins(left=LEFT, right=0.3, top=top, across=0.15, down=down + 0.1)
    figure, grid = style.canvas((rows, columns), (WIDE, HIGH), margins)
    first: Axes | None = None
    for i, each in enumerate(shown):
        axes = figure.add_subplot(grid[i // columns, i % columns], sharex=first, sharey=first)
        first = first or axes
        _panel(axes, each, shown[0].bands.get(metric) if i else None, bold=not i)
        below = i + columns < len(shown)
        axes.tick_params(labelbottom=not below, labelleft=i % columns == 0)
    _limit(figure.axes[0], shown)
    style.label_panels(figure, "epoch", "loss")
    _legend(figure, handles, abreast)
    style.headline(figure, "Training, setting by setting", left_out)
    return figure


def _panel(axes: Axes, each: Curves, best: Band | None, *, bold: bool) -> None:
    for name, band in each.bands.items():
        colour = COLOURS[name]
        axes.fill_between(band.epoch, band.low, band.high, color=colour, alpha=0.25, lw=0)
        axes.plot(band.epoch, band.median, color=colour, lw=1.8)
    if best:
        axes.plot(best.epoch, best.median, color=style.INK, lw=1.2, ls=":")
    room, weight = (0.85 * WIDE, "bold") if bold else (WIDE, "normal")
    lines = [style.fit(line, room, style.SMALL) for line in setting_lines(each.setting)]
    axes.set_title("\n".join(lines), fontsize=style.SMALL, loc="left", fontweight=weight)


def _limit(axes: Axes, shown: Sequence[Curves]) -> None:
    """Show what is worth seeing: what the medians come to, not where a bad start had them."""
    bands = [band for each in shown for band in each.bands.values()]
    values = np.concatenate([band.median for band in bands])
    scale(axes, "y", values, 3)
    low, high = values.min(), values.max()
    if axes.get_yscale() == "log":
        axes.set_ylim(low / 1.15, high * 1.15)
    else:
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1
        axes.set_ylim(low - room, high + room)
    scale(axes, "x", [0, 1], 3)


def _legend(figure: Figure, handles: Sequence[Line2D], abreast: int) -> None:
    x, y = figure.get_size_inches()
    place = (0.15 / x, 1 - 0.68 / y)
    look: dict[str, Any] = {
        "fontsize": style.SMALL,
        "borderaxespad": 0,
        "borderpad": 0,
        "handlelength": 1.6,
    }
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=abreast, **look)


def _handles(shown: Sequence[Curves], metric: str) -> Iterator[Line2D]:
    several = any(each.runs > 1 for each in shown)
    ending = ": median and range of seeds" if several else ""
    for name, colour in COLOURS.items():
        if any(name in each.bands for each in shown):
            yield Line2D([], [], color=colour, lw=1.8, label=NAMES[name] + ending)
    if len(shown) > 1:
        yield Line2D(
            [], [], color=style.INK, lw=1.2, ls=":", label=f"{NAMES[metric]}, best setting"
        )
