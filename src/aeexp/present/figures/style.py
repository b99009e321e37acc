"""Style of all figures: colours, type sizes, white space, and names that fit their room."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator
from matplotlib.transforms import Bbox, ScaledTranslation

from aeexp.data.dataset import Floats
from aeexp.present.figures.panel import Panel, shown_ticks

PALETTE = (
    "#0173B2", "#DE8F05", "#029E73", "#D55E00", "#CC78BC",
    "#CA9161", "#FBAFE4", "#3B1F5C", "#ECE133", "#56B4E9",
    "#590000", "#9100F2", "#A60000", "#3C21A6", "#592439",
    "#A65642", "#8FCCA7", "#B861F2", "#804674", "#B4CC52",
)  # fmt: skip
"""Seaborn's "colorblind" palette and ten more colours; violet replaces its grey, which is noise.

Each of the ten is the colour of a grid of hues that is farthest in CIELAB from all colours before
it. The distance is the least over normal vision and three kinds of colour blindness (Machado et
al., 2009, doi:10.1109/TVCG.2009.113).
"""
NOISE = "#7A7A7A"
INK = "#262626"
FRAME, GRID = "#8C8C8C", "#E6E6E6"
TRAINING, VALIDATION = "#0173B2", "#D55E00"
NEGATIVE, POSITIVE = "#2166AC", "#B2182B"
SIGNED = LinearSegmentedColormap.from_list("signed", [NEGATIVE, "#F7F7F7", POSITIVE])
COUNTS = mpl.colormaps["Blues"]
VALUES = mpl.colormaps["viridis"]

AUTOENCODER = "autoencoder"
METHODS = (AUTOENCODER, "PCA", "factor analysis", "random projection")
"""The autoencoder and its baselines, each in the same colour in all figures."""

TITLE, TEXT, SMALL = 15.0, 12.0, 10.0
"""Font sizes in points, for figures about 9 inches wide."""
TITLES = TITLE, 13.5, TEXT, 11.0
"""Sizes of a title, from which the largest that fits is chosen."""
LINE = 1.45 / 72
"""Height in inches of a line of text, per point of font size."""
MANY = 1_000
"""More points than this are rasterised in svg and pdf files, to keep the files small."""

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FRAME,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": TEXT,
    "axes.titley": 1.0,  # otherwise matplotlib measures all ticks to place the title
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "font.size": TEXT,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": TEXT,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,
    "text.usetex": False,
    "xtick.bottom": False,
    "xtick.color": FRAME,
    "xtick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.color": FRAME,
    "ytick.labelcolor": INK,
    "ytick.labelsize": SMALL,
    "ytick.left": False,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}
styled = mpl.rc_context(STYLE)
"""Decorator: draws a figure in this style and restores the settings of matplotlib."""


def class_colour(code: int) -> str:
    """Return the colour of a class, the same in every figure; 20 colours repeat."""
    return PALETTE[code % len(PALETTE)]


def method_colour(name: str) -> str:
    """Return the colour of the autoencoder or a baseline; grey for other names."""
    return PALETTE[METHODS.index(name)] if name in METHODS else NOISE


def ink_on(colour: Floats) -> str:
    """Return the text colour, dark or white, with the better contrast to `colour`: (4,)."""
    luminance = np.dot([0.2126, 0.7152, 0.0722], colour[:3] ** 2.2)
    return INK if luminance > 0.2 else "white"


# Users choose names: these may have any length and any characters.


def fit(text: str, inches: float, size: float) -> str:
    """Return `text` as one printable line; the middle is left out if the line is too wide."""
    fonts = _fonts()
    line = "".join(c if c.isprintable() else " " for c in text)
    line = "".join(c if _advance(c, fonts) is not None else "□" for c in line)
    if width(line, size) <= inches:
        return line

    def shortened(length: int) -> str:
        return line[: ceil(length / 2)] + "…" + line[len(line) - length // 2 :]

    lengths = range(len(line))
    too_long = bisect_right(lengths, inches, key=lambda length: width(shortened(length), size))
    return shortened(max(too_long - 1, 0))


def width(text: str, size: float) -> float:
    """Return the width of `text` in inches. size: of the font, in points."""
    fonts = _fonts()
    return sum(_advance(character, fonts) or 0 for character in text) * size / 72


def widest(texts: Iterable[str], size: float) -> float:
    """Return the width in inches of the widest text; 0 without texts."""
    return max((width(text, size) for text in texts), default=0.0)


def _fonts() -> tuple[str, ...]:
    settings: Any = mpl.rcParams
    kinds = "family", "serif", "sans-serif", "cursive", "fantasy", "monospace"
    return _font_files(*(tuple(settings[f"font.{kind}"]) for kind in kinds))


@cache
def _font_files(families: Sequence[str], *_: Sequence[str]) -> tuple[str, ...]:
    """Return the font files of the families; the other settings extend the key of the cache."""
    return tuple(str(findfont(FontProperties(family=[family]))) for family in families)


@cache
def _advance(character: str, fonts: tuple[str, ...]) -> float | None:
    """Return the width of a character relative to the font size, None if no font has it."""
    for font in map(get_font, fonts):
        if font.get_char_index(ord(character)):
            font.set_size(100, 72)
            return font.load_char(ord(character)).linearHoriAdvance / 65536 / 100
    return None


# White space is fixed, because automatic layouts draw all texts twice.


@dataclass(frozen=True, kw_only=True)
class Margins:
    """White space in inches, around the panels of a figure and between them."""

    left: float = 0.8
    right: float = 0.25
    bottom: float = 0.7
    top: float = 0.75
    across: float = 0.2
    down: float = 0.2


def canvas(
    shape: tuple[int, int], panel: tuple[float, float], margins: Margins
) -> tuple[Figure, GridSpec]:
    """Return a figure with a grid of `shape` (rows, columns) for panels of the same size.

    panel: width and height in inches; the size of the figure follows from it.
    """
    (rows, columns), (wide, high), m = shape, panel, margins
    x = m.left + columns * wide + (columns - 1) * m.across + m.right
    y = m.bottom + rows * high + (rows - 1) * m.down + m.top
    figure = Figure(figsize=(x, y))
    grid = figure.add_gridspec(
        rows,
        columns,
        left=m.left / x,
        right=1 - m.right / x,
        bottom=m.bottom / y,
        top=1 - m.top / y,
        wspace=m.across / wide,
        hspace=m.down / high,
    )
    return figure, grid


# Shared parts of figures


def headline(figure: Figure, title: str, *notes: str, lines: int = 1) -> None:
    """Write the title into the top margin, and notes in a smaller font below it.

    The title is one sentence on what is seen; a long one is smaller. lines: the number of lines
    of notes for which the margin has room.
    """
    x, y = figure.get_size_inches()
    below = enumerate(_wrapped("; ".join(filter(None, notes)), x - 0.3, lines))
    small = [(line, SMALL, 0.42 + number * SMALL * LINE) for number, line in below]
    fitting = (size for size in TITLES if width(title, size) <= x - 0.3)
    for text, size, down in [(title, next(fitting, TITLES[-1]), 0.12), *small]:
        if text:
            line = fit(text, x - 0.3, size)
            figure.text(0.15 / x, 1 - down / y, line, fontsize=size, va="top")


def _wrapped(text: str, inches: float, lines: int) -> list[str]:
    """Return small `text` in at most `lines` lines; the last line may be too wide."""
    wrapped = [""]
    for word in text.split():
        longer = f"{wrapped[-1]} {word}".strip()
        if len(wrapped) < lines and width(longer, SMALL) > inches:
            wrapped.append(word)
        else:
            wrapped[-1] = longer
    return wrapped


def centre_on_slide(figure: Figure) -> None:
    """Widen or heighten the canvas of a figure to 16:9, with the figure in its centre."""
    old = figure.get_size_inches()
    high = max(old[1], old[0] * 9 / 16)
    new = np.array([high * 16 / 9, high])
    scale, shift = old / new, (1 - old / new) / 2
    for axes in figure.axes:
        place = axes.get_position()
        axes.set_position(Bbox.from_bounds(*(shift + scale * place.p0), *(scale * place.size)))
    for text in figure.texts:
        text.set_position(shift + scale * text.get_position())
    for part in figure.legends:
        anchor = part.get_bbox_to_anchor().transformed(figure.transFigure.inverted())
        part.set_bbox_to_anchor(shift + scale * anchor.p0)
    figure.set_size_inches(*new)


def legend(figure: Figure, *contents: Any, left: float, down: float, **look: Any) -> None:
    """Draw a legend whose upper left corner is at inches from the left and from the top.

    contents: handles, or handles and labels, as in `Figure.legend`.
    """
    x, y = figure.get_size_inches()
    place = (left / x, 1 - down / y)
    figure.legend(*contents, loc="upper left", bbox_to_anchor=place, **look)


def label_panels(figure: Figure, x_label: str, y_label: str = "") -> None:
    """Write one label for the x axes of all panels, and one for their y axes."""
    x, y = figure.get_size_inches()
    panels = Bbox.union([axes.get_position() for axes in figure.axes])
    figure.supxlabel(x_label, fontsize=TEXT, x=(panels.x0 + panels.x1) / 2, y=0.12 / y)
    if y_label:
        figure.supylabel(y_label, fontsize=TEXT, x=0.12 / x, y=(panels.y0 + panels.y1) / 2)


def place_labels(*panels: Axes, below: float = 0.24, left: float | None = None) -> None:
    """Fix the distance in inches of axis labels from their panels.

    Otherwise matplotlib measures all ticks whenever it draws. By default the y labels of all
    panels are aligned, and clear of the numbers at their current ticks.
    """
    if left is None:
        names = [name for axes in panels for _, name in shown_ticks(axes.yaxis)]
        left = widest(names, SMALL) + 0.11
    for axes in panels:
        figure = axes.get_figure(root=True)
        assert figure
        inches = figure.dpi_scale_trans
        down, aside = ScaledTranslation(0, -below, inches), ScaledTranslation(-left, 0, inches)
        axes.xaxis.set_label_coords(0.5, 0, axes.transAxes + down)
        axes.yaxis.set_label_coords(0, 0.5, axes.transAxes + aside)


def few_ticks(axes: Axes, most: int = 3) -> None:
    """Set at most `most` intervals on both axes, at round numbers in short notation."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 4, 5, 10]))
        axis.set_major_formatter("{x:g}")


def name_ticks(axis: Axis, names: Sequence[str], room: float, longest: float, **look: Any) -> None:
    """Name the positions 0, 1, … of an axis, or every n-th if there are too many.

    room: inches between two positions. longest: the greatest width of a name, in inches. look:
    text properties of the names, set on the first tick, which is the model of the others.
    """
    step = ceil(0.75 * SMALL * LINE / room)
    labels = [fit(name, longest, SMALL) for name in names[::step]]
    axis.set_major_locator(FixedLocator(range(0, len(names), step)))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.get_major_ticks(1)[0].label1.set(**look)


def colour_bar(
    figure: Figure,
    place: tuple[float, float, float],
    scale: ScalarMappable,
    label: str,
    *,
    integers: bool = False,
) -> None:
    """Draw a colour bar at a place (left, bottom, height) in inches.

    integers: whether its ticks are integers only.
    """
    x, y = figure.get_size_inches()
    left, bottom, height = place
    axes = figure.add_axes((left / x, bottom / y, 0.22 / x, height / y), axes_class=Panel)
    low, high = scale.get_clim()
    if high - low <= 1e-12 * max(abs(low), abs(high)):  # all values are equal
        room = 0.1 * abs(low) or 0.1
        low, high = low - room, high + room
    levels = np.linspace(low, high, 257)
    axes.pcolormesh([0, 1], levels, np.arange(256)[:, None], cmap=scale.cmap, rasterized=True)
    axes.set(xlim=(0, 1), ylim=levels[[0, -1]], frame_on=False)
    axes.xaxis.set_visible(False)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=integers, min_n_ticks=1))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.tick_params("y", labelleft=False, labelright=True, grid_alpha=0)
    numbers = widest((name for _, name in shown_ticks(axes.yaxis)), SMALL)
    middle = (left + 0.33 + numbers) / x, (bottom + height / 2) / y
    figure.text(*middle, fit(label, height, TEXT), rotation=90, va="center")
