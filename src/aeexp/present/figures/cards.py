"""What each factor is: what drives it, what rows look like along it, and what is known of it."""

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
"""Inches that the name of a feature may take."""
BAR, WIDE, SAID = 0.22, 1.7, 2.2
"""Inches from one bar to the next, that a panel is wide, and that lines on a factor may take."""


@dataclass(frozen=True)
class Factor:
    """A factor to draw.

    explained: share of the variance, by which the factors to draw are chosen. slopes: (3,
    features), by how many sd it moves for one of each feature: in this model, and the least and
    the greatest of other trainings. strongest: the features in the order they are drawn in. z:
    (11,), where it is taken to; traversal: (11, features) there, scaled; ends: (2, features), the
    first and the last of these in original units. said: short lines. doubt: why it is grey, "" if
    not.
    """

    name: str
    explained: float
    slopes: Floats
    strongest: Integers
    z: Floats
    traversal: Floats
    ends: Floats
    said: Sequence[str]
    doubt: str

    def beside(self, features: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return what is written left and right of the lines: values, and whose they are."""
        drawn = self.strongest[:MOST_LINES]
        names = [style.fit(features[j], LONGEST, style.SMALL) for j in drawn]
        first, last = ([*map(_short, end[drawn])] for end in self.ends)
        return first, [f"{value}  {name}" for value, name in zip(last, names, strict=True)]


@style.styled
def cards(factors: Sequence[Factor], features: Sequence[str]) -> Figure:
    """Draw a card for each factor: at most the 6 that explain most; grey are those in doubt."""
    drawn = _chosen(factors)
    figure, grid, room = _cards(drawn, features)
    reach = 1.05 * max(_reach(factor) for factor in drawn)
    for row, factor in enumerate(drawn):
        left, right = panel(figure, grid[row, 0]), panel(figure, grid[row, 1])
        _bars(left, factor, features, reach)
        _traversal(right, factor, features)
        lines = "\n".join(style.fit(line, SAID, style.SMALL) for line in factor.said)
        _write(right, lines, (1, 1), room, va="top", linespacing=1.45)
    style.place_labels(left, right, left=0)
    left.set_xlabel("sd of factor per sd of feature", fontsize=style.SMALL)
    right.set_xlabel("factor, 5 to 95 % of the rows", fontsize=style.SMALL)
    style.headline(figure, "What each factor is", *_notes(factors, features), lines=2)
    return figure


def _cards(drawn: Sequence[Factor], features: Sequence[str]) -> tuple[Figure, GridSpec, float]:
    """Return a figure with a row of two panels a factor, and the inches for texts beside them."""
    texts = [factor.beside(features) for factor in drawn]
    before, after = (
        style.widest((t for side in sides for t in side), style.SMALL)
        for sides in zip(*texts, strict=True)
    )
    names = [features[j] for factor in drawn for j in factor.strongest[:MOST_BARS]]
    said = style.widest((line for factor in drawn for line in factor.said), style.SMALL)
    margins = style.Margins(
        left=0.25 + min(LONGEST, max(0.5, style.widest(names, style.SMALL))),
        right=after + min(SAID, max(1.0, said)) + 0.55,
        across=max(0.9, before + 0.35),
        down=0.75,
        top=1.15,
        bottom=0.75,
    )
    bars = min(MOST_BARS, len(features))
    figure, grid = style.canvas((len(drawn), 2), (WIDE, max(1.4, BAR * bars)), margins)
    return figure, grid, after + 0.3


def _short(value: float) -> str:
    """Write a value in 3 digits, large ones in full unless they are very long."""
    written = f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"
    return written.replace("-", "−")


def _chosen(factors: Sequence[Factor]) -> list[Factor]:
    explained = np.nan_to_num([factor.explained for factor in factors], nan=-np.inf)
    kept = np.sort(np.argsort(-explained, kind="stable")[:MOST_FACTORS])
    return [factors[k] for k in kept]


def _reach(factor: Factor) -> float:
    """Return how far the axis of bars must reach, 1 where there are none."""
    drawn = np.nan_to_num(factor.slopes[:, factor.strongest[:MOST_BARS]])
    return float(np.abs(drawn).max()) or 1.0


def _bars(axes: Panel, factor: Factor, features: Sequence[str], reach: float) -> None:
    """Draw the strongest features as bars, with the range over other trainings."""
    strongest = factor.strongest[:MOST_BARS]
    slopes, low, high = factor.slopes[:, strongest]
    signed = np.where(slopes < 0, style.NEGATIVE, style.POSITIVE)
    unsettled = (slopes * low <= 0) | (slopes * high <= 0)
    places = range(len(strongest))
    colours = np.where(unsettled | bool(factor.doubt), style.NOISE, signed)
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
    """Draw how the strongest features go along the factor, in scaled units, and name the ends."""
    drawn = factor.strongest[:MOST_LINES]
    lines = factor.traversal[:, drawn]
    colours = [style.NOISE if factor.doubt else style.class_colour(i) for i in range(len(drawn))]
    for line, colour in zip(lines.T, colours, strict=True):
        axes.plot(factor.z, line, c=colour, lw=2)
    axes.margins(x=0)
    axes.spines["left"].set_visible(False)
    style.few_ticks(axes)
    axes.yaxis.set_major_formatter("")
    first, last = factor.beside(features)
    _beside(axes, 0, lines[0], first, colours)
    _beside(axes, 1, lines[-1], last, colours)


def _beside(
    axes: Axes, side: int, heights: Floats, texts: Sequence[str], colours: Sequence[str]
) -> None:
    """Write texts left (0) or right (1) of a panel near heights, clear of each other."""
    low, high = axes.get_ylim()
    inches = _figure(axes).get_size_inches()[1] * axes.get_position().height
    apart = min(0.9 * style.SMALL * style.LINE / inches, 1 / len(texts))
    order = np.argsort(heights, kind="stable")
    steps = apart * np.arange(len(texts))
    near = (heights[order] - low) / (high - low)
    places = isotonic_regression(near - steps).x.clip(0, 1 - steps[-1]) + steps
    look = {"va": "center_baseline", "ha": "left" if side else "right"}
    for i, place in zip(order, places, strict=True):
        aside = 0.08 if side else -0.08
        _write(axes, texts[i], (side, place), aside, color=colours[i], **look)


def _write(axes: Axes, text: str, at: tuple[float, float], aside: float, **look: Any) -> None:
    """Write a text at shares of a panel's width and height, and so many inches right of that."""
    where = axes.transAxes + ScaledTranslation(aside, 0, _figure(axes).dpi_scale_trans)
    axes.text(*at, text, transform=where, fontsize=style.SMALL, **look)


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure
    return figure


def _notes(factors: Sequence[Factor], features: Sequence[str]) -> Iterator[str]:
    if len(factors) > MOST_FACTORS:
        yield f"{MOST_FACTORS} of {len(factors)} factors, which explain most"
    if len(features) > MOST_BARS:
        yield f"{MOST_BARS} of {len(features)} features"
    yield "bars and lines: this model, beside lines in original units"
    if any((factor.slopes[1] <= factor.slopes[2]).any() for factor in factors):
        yield "grey and last: features whose sign differs between trainings"
        yield "whiskers and brackets: least and greatest of other trainings"
