"""What does a table look like that has no structure?"""

from collections.abc import Sequence

import numpy as np

from aeexp.data import Column, Floats, Integers
from aeexp.data.chunks import blocks
from aeexp.data.features import places


def permuted(
    x: Floats, columns: Sequence[Column], train: Integers, generator: np.random.Generator
) -> Floats:
    """Return a table of which each column is shuffled by itself: nothing goes with anything.

    Each column keeps its values, missing ones among them, and features of one text column stay
    together. A column with a known cell in a training row keeps one there, so that it can be
    scaled. x: (rows, features); columns: what the features are made of, as in a `Dataset`.
    train: the training rows.
    """
    shuffled = np.empty_like(x)
    for _, place in places(columns):
        order, known = generator.permutation(len(x)), not np.isnan(x[train, place]).all()
        while known and np.isnan(x[order[train], place]).all():
            order = generator.permutation(len(x))
        shuffled[:, place] = x[order, place]
    return shuffled


def cloud(x: Floats, generator: np.random.Generator) -> Floats:
    """Return as many rows from one normal distribution with the table's means and covariance.

    All correlations are kept, but there are no groups and nothing is curved: the null hypothesis
    of SigClust (Liu et al., 2008, doi:10.1198/016214508000000454). Cells that are missing stay
    missing; they count as the mean of their column, whose variance remains that of its known
    cells, while correlations shrink by the share of rows that lack a cell. Features of text
    columns become numbers between 0 and 1 and beyond.

    x: (rows, features). No more is held than the table a few times over, however
    many features there are, as normal numbers times a root of the covariance have it.
    """
    known = ~np.isnan(x)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0).sum(axis=0, dtype=np.float64) / counts
    centred = np.where(known, x - mean, 0) / np.sqrt(np.maximum(counts - 1, 1))
    root = centred if centred.shape[0] <= centred.shape[1] else np.linalg.qr(centred, mode="r")
    drawn = np.empty_like(x)
    for block in blocks(*x.shape):
        count = len(x[block])
        drawn[block] = mean + generator.standard_normal((count, len(root))) @ root
    drawn[~known] = np.nan
    return drawn
