"""Which classes the rows of each cluster belong to."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from aeexp.data.dataset import Classes, Integers
from aeexp.present.figures import style
from aeexp.present.figures.heatmap import heat_map


@style.styled
def contingency(clusters: Integers, classes: Classes, title: str) -> Figure:
    """Draw how many rows each cluster and each class have in common.

    clusters: (rows,), -1 for noise, which comes last.
    """
    ids, counts = _count(clusters, classes)
    names = ["noise" if number == -1 else str(number) for number in ids]
    scale = ScalarMappable(Normalize(0, counts.max(initial=1)), style.COUNTS)
    figure, axes = heat_map(counts, (names, classes.names), scale, "rows")
    axes.set(xlabel=style.fit(classes.name, 5, style.TEXT), ylabel="cluster")
    style.headline(figure, title)
    return figure


def _count(clusters: Integers, classes: Classes) -> tuple[Integers, Integers]:
    """Return the cluster of each row of the table, and the table: (clusters, classes)."""
    ids, cluster = np.unique(clusters, return_inverse=True)
    known = classes.codes >= 0
    counts = np.zeros((len(ids), len(classes.names)), int)
    np.add.at(counts, (cluster[known], classes.codes[known]), 1)
    last = -1 if ids[:1] == -1 else 0
    return np.roll(ids, last), np.roll(counts, last, axis=0)
