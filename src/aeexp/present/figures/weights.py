"""How strongly each feature drives each latent factor."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.heatmap import heat_map
from aeexp.present.figures.panel import panel
from aeexp.present.figures.unreliable import Unreliable

NONE = Unreliable()
MOST_FACTORS = 6
MOST_FEATURES = 20
LONGEST = 2.2
"""Inches that the name of a feature may take; shorter where each panel has its own."""
BAR = 0.24
"""Inches from one bar to the next."""


@style.styled
def weight_bars(
    weights: Floats,
    moves: Floats,
    features: Sequence[str],
    quantity: str,
    unreliable: Unreliable = NONE,
) -> Figure:
    """Draw a panel of bars for each factor: at most the 6 largest, 20 features of each.

    weights: (features, factors). moves: the same shape, how far a feature moves a factor, by which
    of many features those are chosen that are drawn. quantity: what weights are, such as "encoder
    weight". unreliable: the bars of factors in doubt are grey.
    """
    factors = np.sort(_largest(np.linalg.norm(weights, axis=0), MOST_FACTORS))
    drawn = [_drawn_features(moves[:, factor]) for factor in factors]
    figure = _panels([[features[i] for i in rows] for rows in drawn])
    shown = [weights[rows, factor] for factor, rows in zip(factors, drawn, strict=True)]
    reach = 1.05 * _greatest(np.concatenate(shown))
    for axes, factor, bars in zip(figure.axes, factors, shown, strict=True):
        _bars(axes, bars, doubted=factor in unreliable.factors)
        axes.set(title=unreliable.name(factor), xlim=(-reach, reach))
    style.label_panels(figure, quantity)
    style.headline(figure, "What drives each latent factor", *_left_out(weights), *unreliable.note)
    return figure


def _largest(values: Floats, most: int) -> Integers:
    """Return which values are largest in magnitude, in falling order."""
    return np.argsort(-np.abs(values), kind="stable")[:most]


def _drawn_features(moves: Floats) -> Integers:
    """Return which features of a factor are drawn: all in their order, or what moves it most."""
    if len(moves) <= MOST_FEATURES:
        return np.arange(len(moves))
    return _largest(moves, MOST_FEATURES)


def _left_out(weights: Floats) -> Iterator[str]:
    features, factors = weights.shape
    if factors > MOST_FACTORS:
        yield f"{MOST_FACTORS} of {factors} factors shown, those with the largest norm"
    if features > MOST_FEATURES:
        yield f"of each the {MOST_FEATURES} of {features} features that move it most"


def _panels(names: Sequence[Sequence[str]]) -> Figure:
    """Return a figure with a row of panels that share the names of features, or have their own."""
    shared = all(some == names[0] for some in names)
    longest = LONGEST if shared else 0.7 * LONGEST
    room = 0.3 + min(longest, max(style.widest(some, style.SMALL) for some in names))
    wide = min(4.0, max(1.1, (9 - room * (1 if shared else len(names))) / len(names)))
    margins = style.Margins(left=room, across=0.2 if shared else room + 0.2, bottom=0.75, top=1.05)
    high = max(1.2, BAR * len(names[0]))
    figure, grid = style.canvas((1, len(names)), (wide, high), margins)
    for i, some in enumerate(names):
        axes = panel(figure, grid[i])
        style.few_ticks(axes, 2)
        style.name_ticks(axes.yaxis, [] if shared and i else some, BAR, longest)
    return figure


def _bars(axes: Axes, weights: Floats, *, doubted: bool) -> None:
    """Draw a bar for each weight, the first on top, in the colour of its sign, or in grey."""
    signed = np.where(weights < 0, style.NEGATIVE, style.POSITIVE)
    colours = [style.NOISE] * len(weights) if doubted else signed
    axes.barh(range(len(weights)), weights, color=colours, height=0.75)
    axes.axvline(0, color=style.INK, lw=0.8)
    axes.set_ylim(len(weights) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")


@style.styled
def weight_map(
    weights: Floats, features: Sequence[str], quantity: str, unreliable: Unreliable = NONE
) -> Figure:
    """Draw a heat map of feature times factor, its colours symmetric about 0.

    weights: (features, factors). quantity: what they are, such as "encoder weight".
    """
    reach = _greatest(weights)
    scale = ScalarMappable(Normalize(-reach, reach), style.SIGNED)
    factors = [unreliable.name(factor) for factor in range(weights.shape[1])]
    figure, _ = heat_map(weights, (features, factors), scale, quantity)
    style.headline(figure, "What drives each latent factor", *unreliable.note)
    return figure


def _greatest(weights: Floats) -> float:
    """Return the greatest magnitude, or 1 where there is none: how far an axis must reach."""
    return float(np.abs(weights[np.isfinite(weights)]).max(initial=0)) or 1.0
