"""Null models: tables without structure.

An autoencoder finds factors in any table, and k-means finds clusters in any space. A result
counts only if it is better than on tables that have the same columns but no structure. There are
two null models, which answer two questions:

- `permuted`: is there any dependence between columns? Each column is shuffled independently,
  which keeps its distribution and removes all dependence.
- `cloud`: are there groups, beyond correlation? A sample of one Gaussian copula keeps the values
  of each column and all rank correlations, and has neither groups nor curvature. With a Gaussian
  instead of a copula this is SigClust (Liu et al., 2008, doi:10.1198/016214508000000454), which
  takes skewed columns for groups.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from aeexp.data import Column, Floats, Integers
from aeexp.data.chunks import blocks
from aeexp.data.design import EXCHANGEABLE, Design
from aeexp.data.features import places
from aeexp.data.imputation import centred_cells


def permuted(
    x: Floats,
    columns: Sequence[Column],
    train: Integers,
    generator: np.random.Generator,
    design: Design = EXCHANGEABLE,
) -> Floats:
    """Return a table with independently rearranged columns; see `Design.rearranged`.

    Each column keeps its values, including missing ones. The features of one column, such as its
    categories or lags, are rearranged together: a column and its lags are related in any table. A
    column with a known cell in a training row keeps at least one there, so that it can be scaled.
    x: (rows, features). columns: of the features, as in a `Dataset`. train: indices of the
    training rows.
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


def cloud(x: Floats, generator: np.random.Generator, design: Design = EXCHANGEABLE) -> Floats:
    """Return a table with the columns of `x` and their rank correlations, but a single cloud.

    A Gaussian copula: ranks become normal scores; rows are drawn from one normal distribution with
    the covariance of the scores; each column then gets its own values, in the order of the drawn
    ones. So skewed columns, counts and heavy tails are no groups. With groups of rows, the means
    of the groups are drawn apart from the deviations from them. In time, the scores of a session
    are randomised in phase, with the same phases for all columns, which keeps autocorrelations and
    cross-correlations (Prichard and Theiler, 1994, doi:10.1103/PhysRevLett.73.951).

    Missing cells stay missing; for the covariance they count as the mean of their column, so that
    correlations shrink by the share of rows with a missing cell. Indicators of a text column are
    drawn one by one. x: (rows, features).
    """
    known = ~np.isnan(x)
    drawn = _drawn(_normal_scores(x), generator, design)
    drawn[~known] = np.inf
    ranks = drawn.argsort(axis=0).argsort(axis=0)
    sample = np.take_along_axis(np.sort(x, axis=0), ranks, axis=0)  # missing cells are the last
    sample[~known] = np.nan
    return sample


def _normal_scores(x: Floats) -> Floats:
    """Return the normal scores of the ranks in each column (mean ranks for ties), with variance 1.

    0 for missing cells and constant columns (van der Waerden, 1952).
    """
    ranks = stats.rankdata(x, axis=0, nan_policy="omit")
    scores = stats.norm.ppf(ranks / (np.isfinite(x).sum(axis=0) + 1))
    _, scores, counts = centred_cells(scores)
    deviations = np.sqrt(np.square(scores).sum(axis=0) / np.maximum(counts - 1, 1))
    return scores / np.where(deviations > 0, deviations, 1)


def _drawn(scores: Floats, generator: np.random.Generator, design: Design) -> Floats:
    """Return rows of one normal distribution with the dependence of centred scores."""
    if design.time is not None:
        drawn = np.empty_like(scores)
        for session in design.sessions():
            spectrum = np.fft.rfft(scores[session], axis=0)
            phases = generator.uniform(0, 2 * np.pi, len(spectrum))
            phases[0] = 0  # the mean of the session
            if len(session) % 2 == 0:
                phases[-1] = 0  # the highest frequency is real
            turned = spectrum * np.exp(1j * phases)[:, None]
            drawn[session] = np.fft.irfft(turned, len(session), axis=0)
        return drawn
    if design.groups is None:
        return _normal_rows(scores, generator)
    members = design.members()
    means = np.array([scores[rows].mean(axis=0) for rows in members])
    return _normal_rows(means, generator)[design.groups] + _normal_rows(
        scores - means[design.groups], generator
    )


def _normal_rows(centred: Floats, generator: np.random.Generator) -> Floats:
    """Return as many rows of a normal distribution with the covariance of centred rows.

    They are standard normal numbers times a root R of the covariance, S = R'R. The centred rows
    are such a root, and their QR factor is a smaller one if there are more rows than features. So
    memory is a few times the table, for any number of features.
    """
    rows, features = centred.shape
    root = centred / np.sqrt(max(rows - 1, 1))
    root = root if rows <= features else np.linalg.qr(root, mode="r")
    drawn = np.empty_like(centred)
    for block in blocks(rows, features):
        drawn[block] = generator.standard_normal((len(drawn[block]), len(root))) @ root
    return drawn
