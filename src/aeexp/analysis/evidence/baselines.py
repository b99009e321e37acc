"""Baselines with as many factors: PCA, factor analysis and a random projection."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.decomposition import FactorAnalysis
from sklearn.exceptions import ConvergenceWarning

from aeexp.analysis import reconstruction
from aeexp.analysis.evidence import linear
from aeexp.analysis.evidence.advantage import Advantage
from aeexp.analysis.evidence.linear import Linear
from aeexp.analysis.latent.neighbourhoods import Neighbourhoods
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import Space
from aeexp.data import Floats, Integers, Rows
from aeexp.data.chunks import blocks
from aeexp.data.prepare import Problem

NAMES = ("PCA", "factor analysis", "random projection")
AUTOENCODER, PCA = "autoencoder", NAMES[0]
MOST_FEATURES = 1_000
"""Limit for factor analysis, whose many steps decompose the whole table."""
MOST_ROWS, MOST_VALUES, STEPS = 10_000, 2_000_000, 200
"""Limits of a factor analysis: training rows, values of their table, steps."""
FEW_FEATURES = 100
"""Up to this number, a full decomposition is faster than a randomised one."""


@dataclass(frozen=True)
class Method:
    """Result of the autoencoder or of a baseline.

    z: (rows, factors). advantage: of the autoencoder over this baseline, None for the autoencoder.
    clusters: (rows,) by the name of the clustering; baselines have clusters only if a label has
    classes. spearman: rank correlation of distances, with a standard error if pairs are sampled.
    """

    z: Floats
    residuals: reconstruction.Residuals
    advantage: Advantage | None
    neighbourhoods: Neighbourhoods
    clusters: Mapping[str, Integers]
    spearman: Mapping[str, float]


@dataclass(frozen=True)
class Baseline:
    """Result of a baseline that was fitted to the training rows.

    z: (rows, dimensions). residuals: of its reconstruction. coordinates: (rows, dimensions) by
    space, z and its reconstructions.
    """

    name: str
    z: Floats
    residuals: reconstruction.Residuals
    coordinates: Mapping[Space, Floats]


def baselines(problem: Problem, dimensions: int, seed: int) -> list[Baseline]:
    """Return PCA, factor analysis and a random projection with as many dimensions.

    Dimensions are limited by the number of features, and for the first two by the number of
    training rows. Tables of more than 1,000 features have no factor analysis. With cross-fitting,
    the errors of held-out rows are those of the same method fitted without them.
    seed: of the random projection.
    """
    fitted = {NAMES[0]: linear.pca}
    if problem.x.shape[1] <= MOST_FEATURES:
        fitted[NAMES[1]] = factor_analysis
    fitted[NAMES[2]] = partial(random_projection, seed=seed)
    return [_baseline(name, fit, problem, dimensions) for name, fit in fitted.items()]


def _baseline(
    name: str, fit: Callable[..., Linear], problem: Problem, dimensions: int
) -> Baseline:
    def measure(table: Problem) -> reconstruction.Residuals:
        x, rows = table.x, table.rows
        method = fit(x, rows, dimensions)
        return reconstruction.residuals(x, lambda block: method.reconstruct(x[block]), rows)

    method = fit(problem.x, problem.rows, dimensions)
    z = method.encode(problem.x)
    # z @ decoder = z @ triangle.T @ orthonormal.T, which has the distances of z @ triangle.T
    triangle = np.linalg.qr(method.decoder.T).R
    coordinates = {Space.latent: z, Space.reconstruction: z @ triangle.T}
    return Baseline(name, z, reconstruction.cross_fitted(problem, measure), coordinates)


def factor_analysis(x: Floats, rows: Rows, dimensions: int) -> Linear:
    """Return the regression scores of a factor analysis with varimax rotation.

    Fitted by maximum likelihood (Barber, 2012, algorithm 21.1) to at most 10,000 training rows,
    fewer for more than 200 features. Varimax makes most loadings small (Kaiser, 1958,
    doi:10.1007/BF02289233). x_hat is the product of scores and loadings.
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
        # a fit short of the optimum is still a baseline; an exact fit has no likelihood
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(sample)
    loadings = model.components_
    weighted = loadings / model.noise_variance_
    precision = np.eye(len(loadings)) + weighted @ loadings.T
    return Linear(model.mean_, np.linalg.solve(precision, weighted).T, loadings)


def random_projection(x: Floats, rows: Rows, dimensions: int, seed: int) -> Linear:
    """Return the projection on random orthonormal directions, with the best linear decoder.

    The directions are uniformly distributed (Stewart, 1980, doi:10.1137/0717034). The decoder is
    fitted to the training rows by least squares. This baseline shows how much of a table any
    numbers explain, even if they are not learnt.
    """
    features = x.shape[1]
    normal = np.random.default_rng(seed).normal(size=(features, min(dimensions, features)))
    directions, signs = np.linalg.qr(normal)
    directions *= np.sign(np.diag(signs))
    mean, train = linear.training_mean(x, rows), rows.trained
    zz, zx = np.zeros((directions.shape[1],) * 2), np.zeros(directions.T.shape)
    for block in blocks(*x.shape):
        centred = x[block][train[block]] - mean
        z = centred @ directions
        zz += z.T @ z
        zx += z.T @ centred
    return Linear(mean, directions, np.linalg.pinv(zz, 1e-10, hermitian=True) @ zx)
