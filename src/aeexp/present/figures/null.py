"""Metrics compared with their null distributions, from tables without structure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure

from aeexp.analysis.evidence.power import LEVEL
from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import Panel
from aeexp.present.figures.rows import Row, Section, named_rows
from aeexp.text import joined

MOST_METRICS = 12


@dataclass(frozen=True)
class NullComparison:
    """A metric of the run and of tables without structure.

    metric: its title. control: the kind of these tables. null: (copies,), their values. p:
    p-value. better: 1 if more is better, -1 if less is better.
    """

    metric: str
    control: str
    observed: float
    null: Floats
    p: float
    better: int

    @property
    def row(self) -> Row:
        """Return the row of the metric; grey if p > 0.05 or undefined."""
        null = self.null[np.isfinite(self.null)]
        chance = f"{null.mean():.3g} ± {null.std(ddof=1):.2g}" if null.size > 1 else "-"
        p = "-" if np.isnan(self.p) else f"{self.p:.2g}"
        observed = "-" if np.isnan(self.observed) else f"{self.observed:.3g}"
        return Row(self.metric, f"{observed}, chance {chance}, p = {p}", self.p <= LEVEL)


@style.styled
def null(comparisons: Sequence[NullComparison]) -> Figure:
    """Draw each metric with its null distribution, better to the right: at most the first 12.

    Each row has its own scale, from the worst to the best value. comparisons: sorted by control.
    """
    shown = comparisons[:MOST_METRICS]
    controls = [(name, [*group]) for name, group in groupby(shown, lambda metric: metric.control)]
    sections = [Section(name, [metric.row for metric in group]) for name, group in controls]
    figure, axes, places = named_rows(sections, bottom=0.55)
    for (_, group), rows in zip(controls, places, strict=True):
        for comparison, row in zip(group, rows, strict=True):
            _draw(axes, comparison, row)
    axes.set(xlim=(-0.05, 1.05), xlabel="worse  ←  each row on its own scale  →  better")
    axes.xaxis.set_ticks([])
    style.place_labels(axes, below=0.15, left=0)
    notes = ["diamonds: this table", "dots: tables without structure", "grey: p > 0.05"]
    notes += least_p({int(np.isfinite(each.null).sum()) for each in shown}, "tables")
    if len(shown) < len(comparisons):
        notes.append(f"{len(shown)} of {len(comparisons)} metrics shown")
    style.headline(figure, _title(shown), *notes)
    return figure


def _title(shown: Sequence[NullComparison]) -> str:
    tested = [comparison for comparison in shown if np.isfinite(comparison.p)]
    count = sum(comparison.p <= LEVEL for comparison in tested)
    return f"{count} of {len(tested)} measures are better than in tables without structure"


def least_p(copies: Iterable[int], what: str) -> list[str]:
    """Return a note on the least possible p-values of numbers of copies; none without copies."""
    parts = [f"{1 / (1 + count):.2g} ({count} {what})" for count in sorted({*copies} - {0})]
    return [f"p at least {joined(parts)}"] if parts else []


def _draw(axes: Panel, comparison: NullComparison, row: int) -> None:
    values = comparison.better * np.append(comparison.null, comparison.observed)
    finite = np.isfinite(values)
    low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 1.0)
    span = high - low
    at = (values - low) / span if span > 0 else np.where(finite, 0.5, np.nan)
    axes.plot([0, 1], [row, row], c=style.GRID, lw=0.8, zorder=1)
    axes.plot(at[:-1], np.full(len(at) - 1, row), "o", c=style.NOISE, alpha=0.35, ms=6, mew=0)
    axes.plot(at[-1], row, "D", c=comparison.row.colour, ms=8, mec="white")
