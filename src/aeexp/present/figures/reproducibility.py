"""Which factors and which clusters other trainings find again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from aeexp.data.dataset import Floats
from aeexp.present.figures import style
from aeexp.present.figures.panel import Panel
from aeexp.present.figures.rows import Row, Section, named_rows

MOST_ROWS = 40
"""Rows of a figure; of more, each group shows those that are found again least."""


@dataclass(frozen=True)
class MatchScores:
    """How well some things are found again, such as all factors.

    what: what they are, and by which measure. names: of the things. likeness: (things, other
    trainings), from 0 to 1, to the most similar thing of each. enough: mean likeness from which a
    thing counts as found again.
    """

    what: str
    names: Sequence[str]
    likeness: Floats
    enough: float

    @property
    def mean(self) -> Floats:
        """Return the mean likeness of each thing: (things,)."""
        return self.likeness.mean(axis=1)

    def least(self, most: int) -> "MatchScores":
        """Return the same of so many things, those that are found again least, in their order."""
        kept = np.sort(np.argsort(self.mean, kind="stable")[:most])
        return replace(self, names=[self.names[i] for i in kept], likeness=self.likeness[kept])


@style.styled
def reproducibility(groups: Sequence[MatchScores], trainings: int) -> Figure:
    """Draw a dot for each other training and the mean, of each thing; grey is not found again.

    groups: those without things are left out, but there is one. trainings: how many there are,
    the run's own among them.
    """
    groups = [group for group in groups if len(group.names)]
    each = max(3, MOST_ROWS // len(groups))
    shown = [group.least(each) for group in groups]
    figure, axes, places = named_rows([_section(group) for group in shown], bottom=0.7)
    for group, rows in zip(shown, places, strict=True):
        _draw(axes, group, rows)
    axes.set(xlim=(-0.02, 1.02), xlabel="likeness to the best match of each other training")
    style.place_labels(axes, left=0)
    notes = "diamonds are means, dashed: enough", *_left_out(groups, shown)
    style.headline(figure, f"Found again in {trainings} trainings?", *notes)
    return figure


def _section(group: MatchScores) -> Section:
    rows = [
        Row(name, f"{mean:.2f}", bool(mean >= group.enough))
        for name, mean in zip(group.names, group.mean.tolist(), strict=True)
    ]
    return Section(group.what, rows)


def _draw(axes: Panel, group: MatchScores, rows: range) -> None:
    others = group.likeness.shape[1]
    for row, likeness, drawn in zip(rows, group.likeness, _section(group).rows, strict=True):
        place = np.full(others, row)
        axes.plot(likeness, place, "o", c=drawn.colour, alpha=0.4, ms=6, mew=0, clip_on=False)
        axes.plot(likeness.mean(), row, "D", c=drawn.colour, ms=7, mec="white", clip_on=False)
    low, high = rows.start - 0.45, rows.stop - 0.55
    axes.plot([group.enough] * 2, [low, high], "--", c=style.INK, lw=1, zorder=1)


def _left_out(groups: Sequence[MatchScores], shown: Sequence[MatchScores]) -> Iterator[str]:
    for group, part in zip(groups, shown, strict=True):
        if len(part.names) < len(group.names):
            yield f"{len(part.names)} of {len(group.names)} {group.what.split(':')[0]}, the least"
