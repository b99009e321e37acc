"""Factors and clusters that other trainings reproduce."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.rows import Row, Section, named_rows
from aeexp.text import listed

MOST_ROWS = 40
"""Rows of a figure; if there are more, the least reproducible of each group are drawn."""


@dataclass(frozen=True)
class MatchScores:
    """Similarity of the factors, or of clusters, to their best matches in other trainings.

    title: their kind and the measure, separated by a colon. names: (things,). similarity:
    (things, other trainings), from 0 to 1. thresholds: (things,), the least mean similarity of a
    reproducible factor or cluster.
    """

    title: str
    names: Sequence[str]
    similarity: Floats
    thresholds: Floats

    def least(self, most: int) -> "MatchScores":
        """Return the `most` least reproducible ones, in their order."""
        chosen = np.sort(np.argsort(self.similarity.mean(axis=1), kind="stable")[:most])
        names = [self.names[i] for i in chosen]
        return replace(
            self,
            names=names,
            similarity=self.similarity[chosen],
            thresholds=self.thresholds[chosen],
        )

    @property
    def section(self) -> Section:
        """Return the rows of the figure, with the mean similarity."""
        means = self.similarity.mean(axis=1).tolist()
        rows = [
            Row(name, f"{mean:.2f}", bool(mean >= threshold))
            for name, mean, threshold in zip(self.names, means, self.thresholds, strict=True)
        ]
        return Section(self.title, rows)


@style.styled
def reproducibility(groups: Sequence[MatchScores], trainings: int) -> Figure:
    """Draw a dot for each other training, and the mean; grey if it is below the threshold.

    groups: at least one with names; groups without names are left out. trainings: their number,
    with that of the run.
    """
    groups = [group for group in groups if len(group.names)]
    shown = [group.least(max(3, MOST_ROWS // len(groups))) for group in groups]
    sections = [group.section for group in shown]
    figure, axes, places = named_rows(sections, bottom=0.7)
    for group, section, rows in zip(shown, sections, places, strict=True):
        for row, values, drawn in zip(rows, group.similarity, section.rows, strict=True):
            look: dict[str, Any] = {"c": drawn.colour, "clip_on": False}
            axes.plot(values, np.full(len(values), row), "o", alpha=0.4, ms=6, mew=0, **look)
            axes.plot(values.mean(), row, "D", ms=7, mec="white", **look)
        ends = np.clip(np.add.outer(rows, [-0.5, 0.5]), rows.start - 0.45, rows.stop - 0.55)
        steps = np.repeat(group.thresholds, 2)
        axes.plot(steps, ends.ravel(), "--", c=style.INK, lw=1, zorder=1)
    axes.set(xlim=(-0.02, 1.02), xlabel="similarity to the best match in each other training")
    style.place_labels(axes, left=0)
    notes = ["diamonds: means", "dashed: threshold"]
    for group, part in zip(groups, shown, strict=True):
        if len(part.names) < len(group.names):
            kind = group.title.split(":")[0]
            notes.append(f"the {len(part.names)} least reproducible of {len(group.names)} {kind}")
    style.headline(figure, f"{_title(groups)} in {trainings} trainings", *notes)
    return figure


def _title(groups: Sequence[MatchScores]) -> str:
    """Return how many of each kind are reproducible."""
    parts = []
    for group in groups:
        count = int((group.similarity.mean(axis=1) >= group.thresholds).sum())
        kind = group.title.split(":")[0]
        parts.append(f"{count} of {len(group.names)} {kind}")
    return f"Reproduced: {listed(parts)}"
