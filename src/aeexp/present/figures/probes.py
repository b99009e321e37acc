"""How well labels are told of rows held out, from the factors and from what they are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from aeexp.present.figures import methods, style
from aeexp.present.figures.panel import Panel
from aeexp.present.figures.rows import Row, Section, named_rows

ROW = 0.42
"""Inches from one score to the next."""
MOST = 18
"""Scores that are drawn."""
LEVEL = 0.05
TABLE = style.PALETTE[4]
"""Of an input that is no method's: the table itself."""


@dataclass(frozen=True)
class LabelScore:
    """A score of a label by input, such as "autoencoder": held out, and its standard error.

    scores: by the input's name. majority: of the same answer for all rows. chance, sd: of
    shuffled labels, p: that they are told as well; of the first input. Where something is not a
    number, it is not drawn.
    """

    label: str
    number: str
    scores: Mapping[str, tuple[float, float]]
    majority: float
    chance: float
    sd: float
    p: float


@style.styled
def probes(told: Sequence[LabelScore], which: str) -> Figure:
    """Draw a row for each score, with a dot for each input, ± 2 standard errors.

    At most the first 18, of which those of one label follow each other. which: rows are scored.
    """
    shown = told[:MOST]
    labels = [(name, [*group]) for name, group in groupby(shown, lambda each: each.label)]
    sections = [Section(name, [_row(each) for each in group]) for name, group in labels]
    figure, axes, places = named_rows(sections, bottom=1.15, row=ROW)
    inputs = [*dict.fromkeys(name for each in shown for name in each.scores)]
    for (_, group), rows in zip(labels, places, strict=True):
        for each, row in zip(group, rows, strict=True):
            _draw(axes, each, row, inputs)
    axes.set(xlim=(_lowest(shown), 1.02), xlabel=f"score of {which}: 1 is perfect")
    style.place_labels(axes, left=0)
    _key(figure, inputs)
    notes = ["bars: ± 2 standard errors", f"at the right: {inputs[0]}" if inputs else ""]
    if len(shown) < len(told):
        notes.append(f"{len(shown)} of {len(told)} scores shown")
    style.headline(figure, "Do the factors tell the labels?", *notes)
    return figure


def _row(each: LabelScore) -> Row:
    value, _ = next(iter(each.scores.values()), (np.nan, np.nan))
    p = "" if np.isnan(each.p) else f", p = {each.p:.2g}"
    return Row(each.number, "-" if np.isnan(value) else f"{value:.2f}{p}", bool(each.p <= LEVEL))


def _draw(axes: Panel, each: LabelScore, row: int, inputs: Sequence[str]) -> None:
    if np.isfinite(each.chance):
        half = 2 * np.nan_to_num(each.sd)
        corner = each.chance - half, row - 0.42
        axes.add_patch(Rectangle(corner, 2 * half, 0.84, color=style.GRID, lw=1, zorder=1.5))
    if np.isfinite(each.majority):
        axes.plot([each.majority] * 2, [row - 0.42, row + 0.42], "--", c=style.INK, lw=1.2)
    steps = np.linspace(-0.27, 0.27, len(inputs)) if len(inputs) > 1 else [0.0]
    for name, step in zip(inputs, steps, strict=True):
        value, error = each.scores.get(name, (np.nan, np.nan))
        half, at, colour = 2 * np.nan_to_num(error), row + step, _colour(name)
        axes.plot([value - half, min(value + half, 1)], [at, at], color=colour, lw=1.8)
        axes.plot(value, at, "o", color=colour, ms=6.5, mec="white", mew=0.6, clip_on=False)


def _colour(name: str) -> str:
    return methods.colour(name) if name in methods.METHODS else TABLE


def _lowest(shown: Sequence[LabelScore]) -> float:
    """Return where the axis starts: at 0, or below the lowest score, yet not below -1."""
    ends = [
        value - 2 * np.nan_to_num(error) for each in shown for value, error in each.scores.values()
    ]
    ends += [each.chance - 2 * np.nan_to_num(each.sd) for each in shown]
    return float(max(-1, min([0.0, *(end for end in ends if np.isfinite(end))]))) - 0.02


def _key(figure: Figure, inputs: Sequence[str]) -> None:
    dots = [Line2D([], [], color=_colour(name), marker="o", ls="", label=name) for name in inputs]
    majority = Line2D([], [], color=style.INK, ls="--", lw=1.2, label="same answer for all")
    chance = Patch(color=style.GRID, label="shuffled labels ± 2 sd")
    figure.legend(
        handles=[*dots, majority, chance],
        loc="lower center",
        bbox_to_anchor=(0.5, 0.05 / figure.get_figheight()),
        ncols=3,
        fontsize=style.SMALL,
        columnspacing=1.2,
        handletextpad=0.3,
    )
