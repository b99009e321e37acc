"""The weight of each feature for each latent factor."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import average, leaves_list
from scipy.spatial.distance import pdist

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.heatmap import heat_map
from aeexp.present.figures.paint import Unreliable
from aeexp.present.figures.panel import panel

NONE = Unreliable()
MOST_FACTORS = 6
MOST_FEATURES = 20
LONGEST = 2.2
"""Greatest width in inches of the name of a feature; less if each panel has its own names."""
MOST_CLUSTERED, TREE = 1_000, 0.8
"""Features whose similarity is shown by a tree, and the width of the tree in inches."""
BAR = 0.24
"""Height in inches of a bar with its gap."""


@style.styled
def weight_bars(
    weights: Floats,
    moves: Floats,
    features: Sequence[str],
    quantity: str,
    unreliable: Unreliable = NONE,
) -> Figure:
    """Draw a panel of bars for each factor: at most the 6 largest, with 20 features each.

    weights: (features, factors). moves: (features, factors), the effect of a feature on a factor,
    by which the features are chosen if there are many. quantity: the name of the weights, such as
    "encoder weight". unreliable: factors whose bars are grey.
    """
    factors = np.sort(_largest(np.linalg.norm(weights, axis=0), MOST_FACTORS))
    drawn: list[Integers] = [np.arange(len(features))] * len(factors)
    if len(features) > MOST_FEATURES:
        drawn = [_largest(moves[:, factor], MOST_FEATURES) for factor in factors]
    figure = _panels([[features[i] for i in rows] for rows in drawn])
    shown = [weights[rows, factor] for factor, rows in zip(factors, drawn, strict=True)]
    reach = 1.05 * _greatest(np.concatenate(shown))
    for axes, factor, bars in zip(figure.axes, factors, shown, strict=True):
        _bars(axes, bars, grey=factor in unreliable.factors)
        axes.set(title=unreliable.name(factor), xlim=(-reach, reach))
    style.label_panels(figure, quantity)
    style.headline(
        figure, drivers(weights, features, unreliable), *_left_out(weights), *unreliable.note
    )
    return figure


def drivers(weights: Floats, features: Sequence[str], unreliable: Unreliable) -> str:
    """Return the feature with the largest weight of each factor, as the title of a figure."""
    largest = np.abs(np.nan_to_num(weights)).argmax(axis=0)
    named = [f"{unreliable.name(k)} {features[i]}" for k, i in enumerate(largest)]
    return f"Largest weights: {', '.join(named)}"


def _largest(values: Floats, most: int) -> Integers:
    """Return the indices of the largest magnitudes, in decreasing order."""
    return np.argsort(-np.abs(values), kind="stable")[:most]


def _left_out(weights: Floats) -> Iterator[str]:
    features, factors = weights.shape
    if factors > MOST_FACTORS:
        yield f"{MOST_FACTORS} of {factors} factors shown, with the largest norm"
    if features > MOST_FEATURES:
        yield f"for each, the {MOST_FEATURES} of {features} features with the largest effect"


def _panels(names: Sequence[Sequence[str]]) -> Figure:
    """Return a figure with a row of panels, which share the names of features if equal."""
    shared = all(panel_names == names[0] for panel_names in names)
    longest = LONGEST if shared else 0.7 * LONGEST
    room = 0.3 + min(longest, max(style.widest(panel_names, style.SMALL) for panel_names in names))
    wide = min(4.0, max(1.1, (9 - room * (1 if shared else len(names))) / len(names)))
    margins = style.Margins(left=room, across=0.2 if shared else room + 0.2, bottom=0.75, top=1.05)
    high = max(1.2, BAR * len(names[0]))
    figure, grid = style.canvas((1, len(names)), (wide, high), margins)
    for i, panel_names in enumerate(names):
        axes = panel(figure, grid[i])
        style.few_ticks(axes, 2)
        style.name_ticks(axes.yaxis, [] if shared and i else panel_names, BAR, longest)
    return figure


def _bars(axes: Axes, weights: Floats, *, grey: bool) -> None:
    """Draw a bar for each weight, the first at the top, in the colour of its sign or in grey."""
    signed = np.where(weights < 0, style.NEGATIVE, style.POSITIVE)
    colours = [style.NOISE] * len(weights) if grey else signed
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

    Features with similar weights are together, with the tree of their clusters (average linkage),
    unless they are more than 1,000. weights: (features, factors). quantity: their name, such as
    "encoder weight".
    """
    reach = _greatest(weights)
    scale = ScalarMappable(Normalize(-reach, reach), style.SIGNED)
    factors = [unreliable.name(factor) for factor in range(weights.shape[1])]
    if not 3 <= len(features) <= MOST_CLUSTERED or not pdist(weights).sum() > 0:
        figure, _ = heat_map(weights, (features, factors), scale, quantity)
    else:
        tree = average(pdist(weights))
        order = leaves_list(tree)
        names = [features[i] for i in order], factors
        figure, axes = heat_map(weights[order], names, scale, quantity, aside=TREE)
        _tree(figure, axes, weights, tree)
    style.headline(figure, drivers(weights, features, unreliable), *unreliable.note)
    return figure


def _tree(figure: Figure, axes: Axes, weights: Floats, tree: Floats) -> None:
    """Draw the tree of the features at the right of their heat map.

    Seaborn's `clustermap` would make a figure of pyplot, which is global state.
    """
    from seaborn.matrix import dendrogram  # noqa: PLC0415

    place, (wide, _) = axes.get_position(), figure.get_size_inches()
    beside = (place.x1 + 0.05 / wide, place.y0, (TREE - 0.1) / wide, place.height)
    branches = figure.add_axes(beside)
    look = {"colors": style.FRAME, "linewidths": 0.8}
    dendrogram(weights, linkage=tree, axis=0, label=False, rotate=True, ax=branches, tree_kws=look)
    branches.invert_xaxis()
    branches.set_axis_off()


def _greatest(weights: Floats) -> float:
    """Return the greatest finite magnitude, or 1 if all weights are 0."""
    return float(np.abs(weights[np.isfinite(weights)]).max(initial=0)) or 1.0
