"""The classes of the rows of each cluster."""

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment

from aeexp.data.dataset import Classes, Integers
from aeexp.present.figures import style
from aeexp.present.figures.heatmap import heat_map


@style.styled
def contingency(clusters: Integers, classes: Classes, name: str) -> Figure:
    """Draw the number of common rows of each cluster and each class, matches on the diagonal.

    clusters: (rows,), -1 for noise, which is the last row of the table. name: of the clustering.
    """
    ids, cluster = np.unique(clusters, return_inverse=True)
    labelled = classes.codes >= 0
    counts = np.zeros((len(ids), len(classes.names)), int)
    np.add.at(counts, (cluster[labelled], classes.codes[labelled]), 1)
    order, matched = _diagonal(counts, ids)
    ids, counts = ids[order], counts[order]
    names = ["noise" if number == -1 else str(number) for number in ids]
    scale = ScalarMappable(Normalize(0, counts.max(initial=1)), style.COUNTS)
    figure, axes = heat_map(counts, (names, classes.names), scale, "rows")
    axes.set(xlabel=style.fit(classes.name, 5, style.TEXT), ylabel="cluster")
    share = f"{100 * matched / max(labelled.sum(), 1):.0f} %"
    title = f"{share} of the rows are in the {name} cluster of their {classes.name}"
    style.headline(figure, title)
    return figure


def _diagonal(counts: Integers, ids: Integers) -> tuple[Sequence[int], int]:
    """Return the order of the clusters, and the number of rows in the cells of matches.

    Each cluster follows the class that it matches; the assignment has the most rows in common.
    Clusters without a match come after these, and noise is last. counts: (clusters, classes).
    """
    clusters = np.flatnonzero(ids >= 0)
    rows, columns = linear_sum_assignment(-counts[clusters])
    of_class = dict(zip(clusters[rows].tolist(), columns.tolist(), strict=True))
    last = counts.shape[1]
    order = sorted(range(len(ids)), key=lambda i: (ids[i] < 0, of_class.get(i, last), i))
    return order, int(counts[clusters][rows, columns].sum())
