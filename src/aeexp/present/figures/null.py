"""Whether numbers differ from those of tables without structure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import Panel
from aeexp.present.figures.rows import Row, Section, named_rows

MOST_NUMBERS = 12
LEVEL = 0.05


@dataclass(frozen=True)
class NullComparison:
    """A number and its like of tables without structure.

    control: what those are. null: (copies,), their numbers. p: probability by chance. better: 1
    if more of it is better, -1 if less.
    """

    number: str
    control: str
    observed: float
    null: Floats
    p: float
    better: int


@style.styled
def null(numbers: Sequence[NullComparison]) -> Figure:
    """Draw each number over its null distribution, better to the right: at most the first 12.

    Each has a scale of its own, from the worst to the best of observed and null. Grey are numbers
    that chance may have made, p > 0.05. numbers: those of one control follow each other.
    """
    shown = numbers[:MOST_NUMBERS]
    controls = [[*group] for _, group in groupby(shown, lambda each: each.control)]
    sections = [Section(some[0].control, [_row(each) for each in some]) for some in controls]
    figure, axes, places = named_rows(sections, bottom=0.55)
    for some, rows in zip(controls, places, strict=True):
        for each, row in zip(some, rows, strict=True):
            _draw(axes, each, row)
    axes.set(xlim=(-0.05, 1.05), xlabel="worse  ←  each on a scale of its own  →  better")
    axes.xaxis.set_ticks([])
    style.place_labels(axes, below=0.15, left=0)
    notes = ["diamonds: this table", "dots: tables without structure"]
    if len(shown) < len(numbers):
        notes.append(f"{len(shown)} of {len(numbers)} numbers shown")
    style.headline(figure, "Could it be chance?", *notes)
    return figure


def _row(each: NullComparison) -> Row:
    known = each.null[np.isfinite(each.null)]
    chance = f"{known.mean():.3g} ± {known.std(ddof=1):.2g}" if known.size > 1 else "-"
    p = "-" if np.isnan(each.p) else f"{each.p:.2g}"
    said = f"{_written(each.observed)}, chance {chance}, p = {p}"
    return Row(each.number, said, each.p <= LEVEL)


def _written(number: float) -> str:
    return "-" if np.isnan(number) else f"{number:.3g}"


def _draw(axes: Panel, each: NullComparison, row: int) -> None:
    values = each.better * np.append(each.null, each.observed)
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    at = (
        (values - low) / (high - low) if high > low else np.where(np.isfinite(values), 0.5, np.nan)
    )
    axes.plot([0, 1], [row, row], c=style.GRID, lw=0.8, zorder=1)
    axes.plot(at[:-1], np.full(len(at) - 1, row), "o", c=style.NOISE, alpha=0.35, ms=6, mew=0)
    axes.plot(at[-1], row, "D", c=_row(each).colour, ms=8, mec="white")
