"""A card for each factor: the features that drive it, a traversal along it, and its statistics."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.transforms import ScaledTranslation
from scipy.optimize import isotonic_regression

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.panel import Panel, panel

MOST_FACTORS, MOST_BARS, MOST_LINES = 6, 8, 5
LONGEST = 1.5
"""Greatest width in inches of the name of a feature."""
DASHES: Sequence[Any] = "-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1))
"""Of the lines of a card, so that they differ where all are grey, too."""
BAR, WIDE, NOTES = 0.22, 1.7, 2.2
"""Inches: height of a bar with its gap, width of a panel, greatest width of the notes."""


@dataclass(frozen=True)
class Factor:
    """A factor to draw.

    explained: share of the variance; the factors with the largest shares are drawn. slopes: (3,
    features), change of the factor in sd per sd of each feature: in this model, and the least and
    the greatest of other trainings. strongest: indices of the features, in drawing order. z:
    (11,), values of the factor along the traversal; traversal: (11, features) at these, scaled;
    ends: (2, features), the first and the last row of the traversal in original units. notes:
    short lines. doubt: why it is unreliable and so grey, "" if it is not.
    """

    name: str
    explained: float
    slopes: Floats
    strongest: Integers
    z: Floats
    traversal: Floats
    ends: Floats
    notes: Sequence[str]
    doubt: str

    def texts(self, features: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the texts at the left and right ends of the lines: values, then also names."""
        drawn = self.strongest[:MOST_LINES]
        names = [style.fit(features[j], LONGEST, style.SMALL) for j in drawn]
        first, last = ([*map(_three_digits, end[drawn])] for end in self.ends)
        return first, [f"{value}  {name}" for value, name in zip(last, names, strict=True)]


@style.styled
def cards(factors: Sequence[Factor], features: Sequence[str]) -> Figure:
    """Draw a card for each factor, at most the 6 with the largest share of the variance."""
    explained = np.nan_to_num([factor.explained for factor in factors], nan=-np.inf)
    drawn = [factors[k] for k in np.sort(np.argsort(-explained, kind="stable")[:MOST_FACTORS])]
    figure, grid, aside = _cards(drawn, features)
    reach = 1.05 * max(_reach(factor) for factor in drawn)
    for row, factor in enumerate(drawn):
        left, right = panel(figure, grid[row, 0]), panel(figure, grid[row, 1])
        _bars(left, factor, features, reach)
        _traversal(right, factor, features)
        notes = "\n".join(style.fit(line, NOTES, style.SMALL) for line in factor.notes)
        _write(right, notes, (1, 1), aside, va="top", linespacing=1.45)
    style.place_labels(left, right, left=0)
    left.set_xlabel("sd of factor per sd of feature", fontsize=style.SMALL)
    right.set_xlabel("factor, 5 to 95 % of the rows", fontsize=style.SMALL)
    style.headline(figure, _title(drawn, features), *_notes(factors, features), lines=2)
    return figure


def _title(drawn: Sequence[Factor], features: Sequence[str]) -> str:
    """Return the strongest feature of each factor."""
    strongest = [f"{factor.name} {features[factor.strongest[0]]}" for factor in drawn]
    return f"Strongest features: {', '.join(strongest)}"


def _cards(drawn: Sequence[Factor], features: Sequence[str]) -> tuple[Figure, GridSpec, float]:
    """Return a figure with two panels for each factor, and the inches from these to the notes."""
    texts = [factor.texts(features) for factor in drawn]
    before, after = (
        style.widest((t for side in sides for t in side), style.SMALL)
        for sides in zip(*texts, strict=True)
    )
    names = [features[j] for factor in drawn for j in factor.strongest[:MOST_BARS]]
    notes = style.widest((line for factor in drawn for line in factor.notes), style.SMALL)
    margins = style.Margins(
        left=0.25 + min(LONGEST, max(0.5, style.widest(names, style.SMALL))),
        right=after + min(NOTES, max(1.0, notes)) + 0.55,
        across=max(0.9, before + 0.35),
        down=0.75,
        top=1.15,
        bottom=0.75,
    )
    height = max(1.4, BAR * min(MOST_BARS, len(features)))
    figure, grid = style.canvas((len(drawn), 2), (WIDE, height), margins)
    return figure, grid, after + 0.3


def _three_digits(value: float) -> str:
    """Return a value with 3 digits; large ones in full unless they are very long."""
    written = f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"
    return written.replace("-", "−")


def _reach(factor: Factor) -> float:
    """Return the greatest slope of the bars of a factor; 1 without slopes."""
    drawn = np.nan_to_num(factor.slopes[:, factor.strongest[:MOST_BARS]])
    return float(np.abs(drawn).max()) or 1.0


def _bars(axes: Panel, factor: Factor, features: Sequence[str], reach: float) -> None:
    """Draw the strongest features as bars, with the range over other trainings."""
    strongest = factor.strongest[:MOST_BARS]
    slopes, low, high = factor.slopes[:, strongest]
    signed = np.where(slopes < 0, style.NEGATIVE, style.POSITIVE)
    sign_differs = (slopes * low <= 0) | (slopes * high <= 0)
    places = range(len(strongest))
    colours = np.where(sign_differs | bool(factor.doubt), style.NOISE, signed)
    axes.barh(places, np.nan_to_num(slopes), color=colours, height=0.7)
    if (low <= high).any():
        axes.hlines(places, low, high, color=style.INK, lw=1.2)
    axes.axvline(0, color=style.INK, lw=0.8)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.set(xlim=(-reach, reach), ylim=(len(strongest) - 0.4, -0.6))
    style.few_ticks(axes, 4)
    style.name_ticks(axes.yaxis, [features[j] for j in strongest], BAR, LONGEST)
    title = f"{factor.name}: {factor.doubt}" if factor.doubt else factor.name
    colour = style.NOISE if factor.doubt else style.INK
    axes.set_title(title, loc="left", color=colour, fontweight="bold")


def _traversal(axes: Panel, factor: Factor, features: Sequence[str]) -> None:
    """Draw the strongest features along the factor, in scaled units, with names at the ends."""
    lines = factor.traversal[:, factor.strongest[:MOST_LINES]]
    count = lines.shape[1]
    colours = [style.NOISE if factor.doubt else style.class_colour(i) for i in range(count)]
    for line, colour, dashes in zip(lines.T, colours, DASHES, strict=False):
        axes.plot(factor.z, line, c=colour, lw=2, ls=dashes)
    axes.margins(x=0)
    axes.spines["left"].set_visible(False)
    style.few_ticks(axes)
    axes.yaxis.set_major_formatter("")
    for side, texts in enumerate(factor.texts(features)):
        _label_ends(axes, side, lines[-side], texts, colours)


def _label_ends(
    axes: Axes, side: int, heights: Floats, texts: Sequence[str], colours: Sequence[str]
) -> None:
    """Write texts left (0) or right (1) of a panel near `heights`, without overlap."""
    low, high = axes.get_ylim()
    inches = _figure(axes).get_size_inches()[1] * axes.get_position().height
    spacing = min(0.9 * style.SMALL * style.LINE / inches, 1 / len(texts))
    order = np.argsort(heights, kind="stable")
    steps = spacing * np.arange(len(texts))
    near = (heights[order] - low) / (high - low)
    places = isotonic_regression(near - steps).x.clip(0, 1 - steps[-1]) + steps
    look = {"va": "center_baseline", "ha": "left" if side else "right"}
    for i, place in zip(order, places, strict=True):
        aside = 0.08 if side else -0.08
        _write(axes, texts[i], (side, place), aside, color=colours[i], **look)


def _write(axes: Axes, text: str, at: tuple[float, float], aside: float, **look: Any) -> None:
    """Write a text at shares of the width and height of a panel, `aside` inches to the right."""
    where = axes.transAxes + ScaledTranslation(aside, 0, _figure(axes).dpi_scale_trans)
    axes.text(*at, text, transform=where, fontsize=style.SMALL, **look)


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure
    return figure


def _notes(factors: Sequence[Factor], features: Sequence[str]) -> Iterator[str]:
    if len(factors) > MOST_FACTORS:
        yield f"{MOST_FACTORS} of {len(factors)} factors, with the largest shares of the variance"
    if len(features) > MOST_BARS:
        yield f"{MOST_BARS} of {len(features)} features"
    yield "bars and lines: this model; numbers at lines: original units"
    if any((factor.slopes[1] <= factor.slopes[2]).any() for factor in factors):
        yield "grey bars: the sign differs between trainings"
        yield "whiskers and brackets: range of other trainings"
