"""Null models: tables without structure.

An autoencoder finds factors in any table, and k-means finds clusters in any space. A result
counts only if it is better than on tables that have the same columns but no structure. There are
two null models, which answer two questions:

- `permuted`: is there any dependence between columns? Each column is shuffled independently,
  which keeps its distribution and removes all dependence.
- `cloud`: are there groups, beyond correlation? A sample of one Gaussian with the covariance of
  the table keeps all correlations and has neither groups nor curvature (SigClust; Liu et al.,
  2008, doi:10.1198/016214508000000454).
"""

from collections.abc import Sequence

import numpy as np

from aeexp.data import Column, Floats, Integers
from aeexp.data.chunks import blocks
from aeexp.data.design import EXCHANGEABLE, Design
from aeexp.data.features import places


def permuted(
    x: Floats,
    columns: Sequence[Column],
    train: Integers,
    generator: np.random.Generator,
    design: Design = EXCHANGEABLE,
) -> Floats:
    """Return a table with independently rearranged columns; see `Design.rearranged`.

    Each column keeps its values, including missing ones. The features of one text column are
    rearranged together. A column with a known cell in a training row keeps at least one there, so
    that it can be scaled. x: (rows, features). columns: of the features, as in a `Dataset`.
    train: indices of the training rows.
    """
    rearranged = np.empty_like(x)
    for _, place in places(columns):
        values = x[:, place]
        known = np.asarray(np.isfinite(values).any(axis=1))
        order = design.rearranged(len(x), generator)
        while known[train].any() and not known[order[train]].any():
            order = generator.permutation(len(x))  # a column this empty has no rhythm to keep
        rearranged[:, place] = values[order]
    return rearranged


def cloud(x: Floats, generator: np.random.Generator) -> Floats:
    """Return a sample of one normal distribution with the means and covariance of the table.

    Missing cells stay missing. For the covariance they count as the mean of their column. The
    variance is that of the known cells, while correlations shrink by the share of rows with a
    missing cell. Features of text columns become arbitrary numbers, not only 0 and 1.

    Rows are drawn as standard normal numbers times a root R of the covariance, S = R'R. The
    centred table is such a root, and its QR factor is a smaller one if there are more rows than
    features. So memory is a few times the table, for any number of features.
    x: (rows, features).
    """
    mean, centred, counts = centred_cells(x)
    centred /= np.sqrt(np.maximum(counts - 1, 1))
    root = centred if centred.shape[0] <= centred.shape[1] else np.linalg.qr(centred, mode="r")
    sample = np.empty_like(x)
    for block in blocks(*x.shape):
        count = len(x[block])
        sample[block] = mean + generator.standard_normal((count, len(root))) @ root
    sample[np.isnan(x)] = np.nan
    return sample


def centred_cells(x: Floats) -> tuple[Floats, Floats, Integers]:
    """Return column means, deviations from them (0 if missing), and counts of known cells."""
    present = ~np.isnan(x)
    counts = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, x, 0).sum(axis=0, dtype=np.float64) / counts
    return mean, np.where(present, x - mean, 0), counts
