"""A panel of named rows under headings, with what is said of each at its right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from aeexp.present.figures import style
from aeexp.present.figures.panel import Panel, panel

ROW = 0.27
"""Inches from one row to the next."""
WIDE = 4.2
"""Inches that the panel is wide."""
LONGEST = 2.7
"""Inches that a row's name may take."""


@dataclass(frozen=True)
class Row:
    """said: its numbers, in short. strong: whether it is drawn in colour, not in grey."""

    name: str
    said: str
    strong: bool

    @property
    def colour(self) -> str:
        """Return the colour in which the row is drawn."""
        return style.PALETTE[0] if self.strong else style.NOISE


@dataclass(frozen=True)
class Section:
    """Rows under a heading."""

    heading: str
    rows: Sequence[Row]


def named_rows(
    sections: Sequence[Section], bottom: float, row: float = ROW
) -> tuple[Figure, Panel, list[range]]:
    """Return a figure with a panel of rows, and at which heights the rows of each section are.

    The first row is on top; headings have a height of their own. bottom: inches below the panel.
    row: inches from one row to the next.
    """
    names = [name for each in sections for name in ("", *(one.name for one in each.rows))]
    said = [one.said for each in sections for one in each.rows]
    margins = style.Margins(
        left=0.3 + min(LONGEST, max(0.5, style.widest(names, style.SMALL))),
        right=0.35 + style.widest(said, style.SMALL),
        top=0.8,
        bottom=bottom,
    )
    high = max(len(names), 2) * row
    figure, grid = style.canvas((1, 1), (WIDE, high), margins)
    axes = panel(figure, grid[0], ylim=(max(len(names), 2) - 0.5, -0.5))
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    style.name_ticks(axes.yaxis, names, row, LONGEST)
    return figure, axes, [*_fill(axes, sections)]


def _fill(axes: Panel, sections: Sequence[Section]) -> list[range]:
    """Write headings and what is said; return the heights of the rows of each section."""
    places, top = [], 0
    for section in sections:
        heading = style.fit(section.heading, 0.8 * WIDE, style.SMALL)  # bold is wider
        _write(axes, heading, (0.0, top), weight="bold")
        places.append(range(top + 1, top + 1 + len(section.rows)))
        for place, row in zip(places[-1], section.rows, strict=True):
            _write(axes, row.said, (1.0 + 0.12 / WIDE, place), color=row.colour)
        top = places[-1].stop
    return places


def _write(axes: Panel, text: str, at: tuple[float, float], **look: Any) -> None:
    """Write a text that starts at a share of the panel's width, at the height of a row."""
    where = axes.get_yaxis_transform()
    axes.text(*at, text, transform=where, va="center_baseline", fontsize=style.SMALL, **look)
