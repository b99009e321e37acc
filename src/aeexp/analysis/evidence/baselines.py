"""What do simpler methods make of the same table with as many factors?"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import FactorAnalysis
from sklearn.exceptions import ConvergenceWarning

from aeexp.analysis import reconstruction
from aeexp.analysis.evidence import linear
from aeexp.analysis.evidence.linear import Linear
from aeexp.analysis.sampling import chosen
from aeexp.data import Floats, Rows
from aeexp.data.chunks import blocks

NAMES = ("PCA", "factor analysis", "random projection")
MOST_FEATURES = 1_000
"""Of a table whose factors are analysed: each of many steps decomposes it anew."""
MOST_ROWS, MOST_VALUES, STEPS = 10_000, 2_000_000, 200
"""Of the training rows that factors are analysed of, and of how many steps are made at most."""
FEW_FEATURES = 100
"""For which a full decomposition is faster than one of random directions."""


@dataclass(frozen=True)
class Baseline:
    """What a method makes of a table, learnt from the training rows alone.

    z: (rows, dimensions). residuals: of its reconstruction.
    """

    name: str
    z: Floats
    residuals: reconstruction.Residuals


def baselines(x: Floats, rows: Rows, dimensions: int, seed: int) -> list[Baseline]:
    """Return PCA, factor analysis and a random projection with as many dimensions.

    None has more dimensions than there are features, and the first two no more than training
    rows. Factor analysis is left out for more than 1,000 features.
    x: (rows, features), scaled. seed: of the random projection.
    """
    return [_baseline(name, of, x, rows) for name, of in _fitted(x, rows, dimensions, seed)]


def _baseline(name: str, fitted: Linear, x: Floats, rows: Rows) -> Baseline:
    left = reconstruction.residuals(x, lambda block: fitted.reconstruct(x[block]), rows)
    return Baseline(name, fitted.encode(x), left)


def _fitted(x: Floats, rows: Rows, dimensions: int, seed: int) -> Iterator[tuple[str, Linear]]:
    yield NAMES[0], linear.pca(x, rows, dimensions)
    if x.shape[1] <= MOST_FEATURES:
        yield NAMES[1], factor_analysis(x, rows, dimensions)
    yield NAMES[2], random_projection(x, rows, dimensions, seed)


def factor_analysis(x: Floats, rows: Rows, dimensions: int) -> Linear:
    """Return the regression scores of a factor analysis, rotated to few large loadings each.

    By maximum likelihood (Barber, 2012, algorithm 21.1) with varimax rotation (Kaiser, 1958,
    doi:10.1007/BF02289233), over at most 10,000 training rows, fewer of more than 200 features.
    x_hat is what the factors' loadings make of the scores.
    """
    most = min(MOST_ROWS, MOST_VALUES // x.shape[1])
    sample = x[np.sort(rows.train)[chosen(len(rows.train), most)]].astype(float)
    method = "lapack" if x.shape[1] <= FEW_FEATURES else "randomized"
    model = FactorAnalysis(
        min(dimensions, *sample.shape),
        max_iter=STEPS,
        svd_method=method,
        rotation="varimax",
        random_state=0,
    )
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # not at its optimum it is a baseline still; an exact fit has no likelihood
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(sample)
    loadings = model.components_
    weighted = loadings / model.noise_variance_
    precision = np.eye(len(loadings)) + weighted @ loadings.T
    return Linear(model.mean_, np.linalg.solve(precision, weighted).T, loadings)


def random_projection(x: Floats, rows: Rows, dimensions: int, seed: int) -> Linear:
    """Return the projection on orthonormal directions at random, read back by least squares.

    The directions are uniform over all (Stewart, 1980, doi:10.1137/0717034); the decoder is the
    best linear one for the training rows. It shows what as many numbers tell that nothing chose.
    """
    features = x.shape[1]
    drawn = np.random.default_rng(seed).normal(size=(features, min(dimensions, features)))
    directions, signs = np.linalg.qr(drawn)
    directions *= np.sign(np.diag(signs))
    mean, train = linear.training_mean(x, rows), ~rows.held_out
    of_z, of_both = np.zeros((directions.shape[1],) * 2), np.zeros(directions.T.shape)
    for block in blocks(*x.shape):
        centred = x[block][train[block]] - mean
        z = centred @ directions
        of_z += z.T @ z
        of_both += z.T @ centred
    return Linear(mean, directions, np.linalg.pinv(of_z, 1e-10, hermitian=True) @ of_both)
