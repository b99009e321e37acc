"""What does a trained network make of each factor?"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.factors.matching import Match, centred
from aeexp.analysis.sampling import chosen
from aeexp.data import Floats, Integers, Rows
from aeexp.data.chunks import blocks

QUANTILES = np.linspace(0.05, 0.95, 11)
"""Of the training rows' factor, to which a traversal takes it."""
SHUFFLED_ROWS, SHUFFLED_FEATURES = 500, 30
"""At most so many are shuffled: each feature costs as much as to encode all these rows."""
MEASURED_ROWS = 2_000
"""At most so many tell how far a feature is from its mean."""


class Coder(Protocol):
    """Whatever turns scaled rows (rows, features) into factors (rows, factors), and back."""

    def encode(self, x: Floats) -> Floats:
        """Return the factors of rows."""

    def decode(self, z: Floats) -> Floats:
        """Return the rows of factors."""


@dataclass(frozen=True)
class Weighed:
    """How much each factor tells, and of what.

    explained: (factors,), see `explained`. jacobian: (features, factors), see `standardised`.
    """

    explained: Floats
    jacobian: Floats

    def matched(self, match: Match) -> "Weighed":
        """Return the same in the order and with the signs of another model's factors."""
        return Weighed(self.explained[match.order], match.apply(self.jacobian))


@dataclass(frozen=True)
class Probed:
    """What a network makes of each factor.

    permutation: (features, factors), see `permutation`. z: (factors, 11), where each factor is
    taken to; traversals: (factors, 11, features), scaled, the rows that are decoded there.
    """

    weighed: Weighed
    permutation: Floats
    z: Floats
    traversals: Floats


def probe(x: Floats, z: Floats, rows: Rows, network: Coder, weights: Floats) -> Probed:
    """Ask a network what it makes of each of its factors; see `weigh`."""
    weighed, of = weigh(x, z, rows, network, weights), _few(rows)
    spread = _or_nan(_spread(z[rows.train]))
    most = _strongest(moves(x, rows, weights) / spread)
    moved = permutation(x[of], z[of], most, network) / spread
    at, traversals = _traversals(z[rows.train], network)
    return Probed(weighed, moved, at, traversals)


def weigh(x: Floats, z: Floats, rows: Rows, network: Coder, weights: Floats) -> Weighed:
    """Return how much each factor of a network tells, and of what.

    x: (rows, features), scaled; z: (rows, factors), its own of them. weights: (features,
    factors), the mean slopes of its encoder.
    """
    jacobian = standardised(weights, deviations(x, rows), z[rows.train])
    return Weighed(explained(x, z, rows, network), jacobian)


def explained(x: Floats, z: Floats, rows: Rows, network: Coder) -> Floats:
    """Return by how much R^2 falls where a factor is fixed at its training mean: (factors,).

    On rows held out, or trained on where none are; not a number where these do not vary. Factors
    overlap: the shares need not add up to R^2, and one may be below 0. x: (rows, features),
    scaled; z: (rows, factors), of which a block at a time is decoded.
    """
    mean = reconstruction.predicting_the_mean(x, rows).rows
    _, of = rows.evaluated
    factors, fixed = z.shape[1], z[rows.train].mean(axis=0)
    errors = np.zeros(factors + 1)
    for block in blocks(len(of), x.shape[1] * (factors + 1)):
        variants = np.repeat(z[of[block]][None], factors + 1, axis=0)  # as it is, without each
        for k in range(factors):
            variants[k + 1, :, k] = fixed[k]
        decoded = network.decode(variants.reshape(-1, factors))
        left = decoded.reshape(factors + 1, -1, x.shape[1]) - x[of[block]]
        errors += np.square(left, dtype=np.float64).sum((1, 2))
    return (errors[1:] - errors[0]) / _or_nan(mean[of].sum() * x.shape[1])


def deviations(x: Floats, rows: Rows) -> Floats:
    """Return the standard deviation of each feature over training rows: (features,)."""
    squares = reconstruction.predicting_the_mean(x, rows).train
    return np.sqrt(squares / len(rows.train))


def standardised(weights: Floats, of_features: Floats, z: Floats) -> Floats:
    """Return by how many sd a factor moves for one sd of a feature: (features, factors).

    Not a number where the factor is constant. weights: (features, factors), the slopes of the
    encoder. of_features: (features,), their standard deviations. z: (training rows, factors).
    """
    return weights * of_features[:, None] / _or_nan(_spread(z))


def moves(x: Floats, rows: Rows, weights: Floats) -> Floats:
    """Return about how far each feature moves each factor from row to row: (features, factors).

    Its weight, without a sign, times its mean distance from its mean. A feature that is the same
    in nearly all rows has a large weight once it is scaled to unit variance, and moves few rows.
    x: (rows, features), scaled. weights: (features, factors).
    """
    some = x[rows.train[chosen(len(rows.train), MEASURED_ROWS)]]
    return np.abs(weights) * np.abs(some - some.mean(axis=0)).mean(axis=0)[:, None]


def permutation(x: Floats, z: Floats, features: Integers, network: Coder) -> Floats:
    """Return how far each factor moves, on average, where a feature is shuffled among rows.

    In units of the factor, without a sign: (features, factors), not numbers for features other
    than those asked for. After Breiman (2001, doi:10.1023/A:1010933404324), who asks by how much
    predictions get worse. x: (rows, features), scaled; z: (rows, factors).
    """
    moved = np.full((x.shape[1], z.shape[1]), np.nan)
    generator = np.random.default_rng(0)
    for block in blocks(len(features), x.size):
        variants = np.repeat(x[None], len(features[block]), axis=0)
        for variant, j in zip(variants, features[block], strict=True):
            variant[:, j] = generator.permutation(x[:, j])
        shuffled = network.encode(variants.reshape(-1, x.shape[1])).reshape(-1, *z.shape)
        moved[features[block]] = np.abs(shuffled - z).mean(axis=1)
    return moved


def _few(rows: Rows) -> Integers:
    return rows.train[chosen(len(rows.train), SHUFFLED_ROWS)]


def _strongest(moved: Floats) -> Integers:
    """Return the features that move any factor most, rising."""
    largest = np.nan_to_num(moved).max(axis=1)
    return np.sort(np.argsort(-largest, kind="stable")[:SHUFFLED_FEATURES])


def _traversals(z: Floats, network: Coder) -> tuple[Floats, Floats]:
    """Return where each factor is taken to, and what is decoded, the others at their median."""
    at, factors = np.quantile(z, QUANTILES, axis=0).T, z.shape[1]
    points = np.tile(np.median(z, axis=0), (factors, len(QUANTILES), 1))
    for k in range(factors):
        points[k, :, k] = at[k]
    decoded = network.decode(points.reshape(-1, factors).astype(z.dtype))
    return at, decoded.reshape(factors, len(QUANTILES), -1)


def _spread(z: Floats) -> Floats:
    """Return standard deviations, exactly 0 of what is constant but for rounding."""
    return centred(z).std(axis=0)


def _or_nan(values: Floats) -> Floats:
    """Return values to divide by: what is 0 is not a number."""
    return np.where(values > 0, values, np.nan)
