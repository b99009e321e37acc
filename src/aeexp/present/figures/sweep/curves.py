"""The loss curves of each setting."""

from collections.abc import Iterator, Sequence
from math import ceil

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
"""Width in inches of the line of an entry in the legend."""


@style.styled
def training(shown: Sequence[Curves], metric: str, left_out: str) -> Figure:
    """Draw a panel for each setting: the median over seeds, and a band from minimum to maximum.

    shown: the best first; all panels have the same axes. metric: the loss whose median in the
    best setting is dotted in every panel. left_out: a note on the settings that are not shown.
    """
    columns = min(4, len(shown))
    rows = ceil(len(shown) / columns)
    lines = max(len(curves.setting.overrides) for curves in shown)
    down = 0.12 + lines * style.SMALL * style.LINE
    handles = list(_handles(shown, metric))
    entry = SAMPLE + style.widest([str(line.get_label()) for line in handles], style.SMALL)
    abreast = min(len(handles), max(1, int((LEFT + columns * WIDE) / entry)))
    legend = ceil(len(handles) / abreast) * style.SMALL * style.LINE
    top = 0.8 + legend + down
    margins = style.Margins(left=LEFT, right=0.3, top=top, across=0.15, down=down + 0.1)
    figure, grid = style.canvas((rows, columns), (WIDE, HIGH), margins)
    first: Axes | None = None
    for i, curves in enumerate(shown):
        axes = figure.add_subplot(grid[i // columns, i % columns], sharex=first, sharey=first)
        first = first or axes
        _panel(axes, curves, shown[0].bands.get(metric) if i else None, bold=not i)
        below = i + columns < len(shown)
        axes.tick_params(labelbottom=not below, labelleft=i % columns == 0)
    _limit(figure.axes[0], shown)
    style.label_panels(figure, "epoch", "loss")
    look = {"fontsize": style.SMALL, "borderaxespad": 0, "borderpad": 0, "handlelength": 1.6}
    style.legend(figure, handles=handles, left=0.15, down=0.68, ncols=abreast, **look)
    style.headline(figure, "Training by setting", left_out)
    return figure


def _panel(axes: Axes, curves: Curves, best: Band | None, *, bold: bool) -> None:
    for name, band in curves.bands.items():
        colour = COLOURS[name]
        axes.fill_between(band.epoch, band.low, band.high, color=colour, alpha=0.25, lw=0)
        axes.plot(band.epoch, band.median, color=colour, lw=1.8)
    if best:
        axes.plot(best.epoch, best.median, color=style.INK, lw=1.2, ls=":")
    room, weight = (0.85 * WIDE, "bold") if bold else (WIDE, "normal")
    lines = [style.fit(line, room, style.SMALL) for line in setting_lines(curves.setting)]
    axes.set_title("\n".join(lines), fontsize=style.SMALL, loc="left", fontweight=weight)


def _limit(axes: Axes, shown: Sequence[Curves]) -> None:
    """Set limits that show the medians, and cut off the initial losses of the bands."""
    bands = [band for curves in shown for band in curves.bands.values()]
    values = np.concatenate([band.median for band in bands])
    scale(axes, "y", values, 3)
    low, high = values.min(), values.max()
    if axes.get_yscale() == "log":
        axes.set_ylim(low / 1.15, high * 1.15)
    else:
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1
        axes.set_ylim(low - room, high + room)
    scale(axes, "x", [0, 1], 3)


def _handles(shown: Sequence[Curves], metric: str) -> Iterator[Line2D]:
    several = any(curves.runs > 1 for curves in shown)
    ending = ": median and range of seeds" if several else ""
    for name, colour in COLOURS.items():
        if any(name in curves.bands for curves in shown):
            yield Line2D([], [], color=colour, lw=1.8, label=NAMES[name] + ending)
    if len(shown) > 1:
        label = f"{NAMES[metric]}, best setting"
        yield Line2D([], [], color=style.INK, lw=1.2, ls=":", label=label)
