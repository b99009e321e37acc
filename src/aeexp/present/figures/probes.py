"""Scores of labels that are predicted from the factors and from other inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from aeexp.analysis.evidence.power import LEVEL
from aeexp.present.figures import style
from aeexp.present.figures.null import least_p
from aeexp.present.figures.panel import Panel
from aeexp.present.figures.rows import Row, Section, named_rows
from aeexp.text import few

ROW = 0.42
"""Height of a row in inches."""
MOST_SCORES = 18
TABLE = style.PALETTE[4]
"""The colour of an input that is no method: the table itself."""


@dataclass(frozen=True)
class LabelScore:
    """A score of a label by input, such as "autoencoder".

    scores: score and standard error, by the name of the input. majority: the score of the same
    prediction for all rows. chance, sd: mean and standard deviation for shuffled labels, p: the
    p-value, adjusted for all scores, copies: number of shuffles, all of the first input. tested:
    whether this score was declared as the test of the label. Values that are not finite are not
    drawn.
    """

    label: str
    metric: str
    scores: Mapping[str, tuple[float, float]]
    majority: float
    chance: float
    sd: float
    p: float
    copies: int
    tested: bool = False

    @property
    def row(self) -> Row:
        """Return the row of the score, with the value of the first input."""
        value, _ = next(iter(self.scores.values()), (np.nan, np.nan))
        p = "" if np.isnan(self.p) else f", adjusted p = {self.p:.2g}"
        text = "-" if np.isnan(value) else f"{value:z.2f}{p}"
        return Row(self.metric, text, bool(self.p <= LEVEL))


@style.styled
def probes(scores: Sequence[LabelScore], which: str) -> Figure:
    """Draw a row for each score, with a dot for each input, ± 2 standard errors.

    At most the first 18 are drawn. scores: sorted by label. which: the rows that are scored.
    """
    shown = scores[:MOST_SCORES]
    labels = [(name, [*group]) for name, group in groupby(shown, lambda score: score.label)]
    sections = [Section(name, [score.row for score in group]) for name, group in labels]
    figure, axes, places = named_rows(sections, bottom=1.15, row=ROW)
    inputs = [*dict.fromkeys(name for score in shown for name in score.scores)]
    for (_, group), rows in zip(labels, places, strict=True):
        for score, row in zip(group, rows, strict=True):
            _draw(axes, score, row, inputs)
    axes.set(xlim=(_lowest(shown), 1.02), xlabel=f"score of {which}: 1 is perfect")
    style.place_labels(axes, left=0)
    dots = [Line2D([], [], color=_colour(name), marker="o", ls="", label=name) for name in inputs]
    majority = Line2D([], [], color=style.INK, ls="--", lw=1.2, label="same prediction for all")
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
    notes = ["bars: ± 2 standard errors", f"right: {inputs[0]}" if inputs else ""]
    notes += least_p({score.copies for score in shown}, "shuffles")
    if len(shown) < len(scores):
        notes.append(f"{len(shown)} of {len(scores)} scores shown")
    style.headline(figure, _title(shown), *notes)
    return figure


def _draw(axes: Panel, score: LabelScore, row: int, inputs: Sequence[str]) -> None:
    if np.isfinite(score.chance):
        half = 2 * np.nan_to_num(score.sd)
        corner = score.chance - half, row - 0.42
        axes.add_patch(Rectangle(corner, 2 * half, 0.84, color=style.GRID, lw=1, zorder=1.5))
    if np.isfinite(score.majority):
        axes.plot([score.majority] * 2, [row - 0.42, row + 0.42], "--", c=style.INK, lw=1.2)
    steps = np.linspace(-0.27, 0.27, len(inputs)) if len(inputs) > 1 else [0.0]
    for name, step in zip(inputs, steps, strict=True):
        value, error = score.scores.get(name, (np.nan, np.nan))
        half, at, colour = 2 * np.nan_to_num(error), row + step, _colour(name)
        axes.plot([value - half, min(value + half, 1)], [at, at], color=colour, lw=1.8)
        axes.plot(value, at, "o", color=colour, ms=6.5, mec="white", mew=0.6, clip_on=False)


def _colour(name: str) -> str:
    return style.method_colour(name) if name in style.METHODS else TABLE


def _lowest(shown: Sequence[LabelScore]) -> float:
    """Return the start of the axis: 0, or below the lowest score, but not below -1."""
    ends = [value - 2 * np.nan_to_num(se) for s in shown for value, se in s.scores.values()]
    ends += [score.chance - 2 * np.nan_to_num(score.sd) for score in shown]
    return float(max(-1, min([0.0, *(end for end in ends if np.isfinite(end))]))) - 0.02


def _title(scores: Sequence[LabelScore]) -> str:
    """Return which labels are predicted better than shuffled ones, by the score that is tested."""
    tested = [score for score in scores if score.tested]
    predicted = [score.label for score in tested if score.p <= LEVEL]
    if not tested:
        return "Prediction of the labels"
    if not predicted:
        return "No label is predicted better than by chance"
    return f"Predicted better than by chance: {few(predicted, 3)}"
