"""A panel with a row for each name, in sections, and a text at the right of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from aeexp.present.figures import style
from aeexp.present.figures.panel import Panel, panel

ROW = 0.27
"""Height of a row in inches."""
WIDE = 4.2
"""Width of the panel in inches."""
LONGEST = 2.7
"""Greatest width in inches of the name of a row."""


@dataclass(frozen=True)
class Row:
    """A row. text: short, at its right. strong: whether it is in colour, not in grey."""

    name: str
    text: str
    strong: bool

    @property
    def colour(self) -> str:
        """Return the colour of the row."""
        return style.PALETTE[0] if self.strong else style.NOISE


@dataclass(frozen=True)
class Section:
    """Rows with a heading."""

    heading: str
    rows: Sequence[Row]


def named_rows(
    sections: Sequence[Section], bottom: float, row: float = ROW
) -> tuple[Figure, Panel, list[range]]:
    """Return a figure with a panel of rows, and the heights of the rows of each section.

    The first row is at the top; a heading takes the height of a row. bottom: inches below the
    panel. row: height of a row in inches.
    """
    names = [name for part in sections for name in ("", *(row.name for row in part.rows))]
    texts = [row.text for part in sections for row in part.rows]
    margins = style.Margins(
        left=0.3 + min(LONGEST, max(0.5, style.widest(names, style.SMALL))),
        right=0.35 + style.widest(texts, style.SMALL),
        top=0.8,
        bottom=bottom,
    )
    count = max(len(names), 2)
    figure, grid = style.canvas((1, 1), (WIDE, count * row), margins)
    axes = panel(figure, grid[0], ylim=(count - 0.5, -0.5))
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    style.name_ticks(axes.yaxis, names, row, LONGEST)
    places, top = [], 0
    for section in sections:
        heading = style.fit(section.heading, 0.8 * WIDE, style.SMALL)  # bold is wider
        _write(axes, heading, (0.0, top), weight="bold")
        places.append(range(top + 1, top + 1 + len(section.rows)))
        for place, part in zip(places[-1], section.rows, strict=True):
            _write(axes, part.text, (1.0 + 0.12 / WIDE, place), color=part.colour)
        top = places[-1].stop
    return figure, axes, places


def _write(axes: Panel, text: str, at: tuple[float, float], **look: Any) -> None:
    """Write a text at a share of the width of the panel, and at the height of a row."""
    where = axes.get_yaxis_transform()
    axes.text(*at, text, transform=where, va="center_baseline", fontsize=style.SMALL, **look)
