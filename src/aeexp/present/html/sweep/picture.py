"""A figure as the page shows it."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import matplotlib as mpl
from matplotlib.figure import Figure

from aeexp.present.html.table import Sheet


@dataclass(frozen=True)
class Picture:
    """A figure: what it is called, how it is read, where it is, and its numbers.

    source: its address, which holds the figure itself. width: in points as it is drawn.
    """

    name: str
    caption: str
    source: str
    width: int
    sheet: Sheet


def picture(name: str, caption: str, figure: Figure, sheet: Sheet) -> Picture:
    """Return a figure for the page, to the byte the same each time."""
    image = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "aeexp"}):
        figure.savefig(image, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    source = f"data:image/svg+xml;base64,{b64encode(image.getvalue()).decode()}"
    return Picture(name, caption, source, round(96 * figure.get_figwidth()), sheet)
