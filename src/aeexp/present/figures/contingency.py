"""The classes of the rows of each cluster."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from aeexp.data.dataset import Classes, Integers
from aeexp.present.figures import style
from aeexp.present.figures.heatmap import heat_map


@style.styled
def contingency(clusters: Integers, classes: Classes, title: str) -> Figure:
    """Draw the number of common rows of each cluster and each class.

    clusters: (rows,), -1 for noise, which is the last row of the table.
    """
    ids, cluster = np.unique(clusters, return_inverse=True)
    labelled = classes.codes >= 0
    counts = np.zeros((len(ids), len(classes.names)), int)
    np.add.at(counts, (cluster[labelled], classes.codes[labelled]), 1)
    if ids[:1] == -1:
        ids, counts = np.roll(ids, -1), np.roll(counts, -1, axis=0)
    names = ["noise" if number == -1 else str(number) for number in ids]
    scale = ScalarMappable(Normalize(0, counts.max(initial=1)), style.COUNTS)
    figure, axes = heat_map(counts, (names, classes.names), scale, "rows")
    axes.set(xlabel=style.fit(classes.name, 5, style.TEXT), ylabel="cluster")
    style.headline(figure, title)
    return figure
