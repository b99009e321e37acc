"""The settings that were tried, and which of them was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

ROW, LONGEST = 0.42, 2.6
"""Height in inches of the row of a setting, and greatest width of its name."""


@dataclass(frozen=True)
class Tried:
    """Settings that were tried: (settings,) each; what is not finite is not drawn.

    errors: on validation rows. spread: standard error of the paired difference to the best
    setting. test: errors on test rows. chosen: number of the chosen setting.
    """

    names: Sequence[str]
    errors: Floats
    spread: Floats
    test: Floats
    chosen: int


@style.styled
def candidates(tried: Tried, answer: str) -> Figure:
    """Draw the error of each setting on validation rows, and on test rows as a ring.

    answer: the sentence that is the title.
    """
    names, errors = tried.names, tried.errors
    left = 0.3 + min(LONGEST, style.widest(names, style.SMALL))
    margins = style.Margins(left=left, top=0.8, bottom=0.9)
    figure, grid = style.canvas((1, 1), (8.75 - left, ROW * len(names)), margins)
    axes = panel(figure, grid[0])
    style.few_ticks(axes, 5)
    style.name_ticks(axes.yaxis, names, ROW, LONGEST)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("mean squared error")
    for i in np.flatnonzero(np.isfinite(errors)).tolist():
        colour = style.VALIDATION if i == tried.chosen else style.INK
        ends = errors[i] + tried.spread[i] * np.array([-1, 1])
        axes.plot(ends, [i, i], color=colour, lw=2.5)
        axes.plot(errors[i], i, "o", color=colour, ms=9)
        axes.plot(tried.test[i], i, "o", mec=colour, mfc="none", ms=9, mew=1.5)
    style.headline(figure, answer[:1].upper() + answer[1:])
    x, y = figure.get_size_inches()
    note = (
        "dots: validation rows, ± standard error of the difference to the best; rings: test rows;"
        " colour: chosen"
    )
    figure.text(0.15 / x, 0.1 / y, style.fit(note, x - 0.3, style.SMALL), fontsize=style.SMALL)
    return figure
