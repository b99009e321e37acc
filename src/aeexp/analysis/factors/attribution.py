"""Attribution: which features drive a factor, and what the decoder makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis import reconstruction
from aeexp.analysis.factors.matching import Match, centred
from aeexp.analysis.sampling import chosen
from aeexp.data import Floats, Integers, Rows
from aeexp.data.chunks import blocks

QUANTILES = np.linspace(0.05, 0.95, 11)
"""Quantiles of a factor over the training rows, the points of its traversal."""
SHUFFLED_ROWS, SHUFFLED_FEATURES = 500, 30
"""Limits of permutation importance: every feature costs one encoding of all these rows."""
MEASURED_ROWS = 2_000
"""Largest sample for the mean distance of a feature from its mean."""


JACOBIAN_ROWS = 2_000
"""Largest sample for a mean Jacobian."""


class Coder(Protocol):
    """A network that encodes scaled rows, (rows, features), as factors, (rows, factors)."""

    def encode(self, x: Floats) -> Floats:
        """Return the factors of rows."""

    def decode(self, z: Floats) -> Floats:
        """Return the reconstruction of rows from their factors."""


@dataclass(frozen=True)
class FactorImportance:
    """Importance of the factors of a network, and their dependence on features.

    explained: (factors,), see `explained`. jacobian: (features, factors), see `standardised`.
    """

    explained: Floats
    jacobian: Floats

    def matched(self, match: Match) -> "FactorImportance":
        """Return the same in the order and with the signs of the factors of another model."""
        return FactorImportance(self.explained[match.order], match.apply(self.jacobian))


@dataclass(frozen=True)
class FactorAttribution:
    """Attribution of the factors of a network.

    permutation: (features, factors), see `permutation`. z: (factors, 11), values of each factor in
    its traversal. traversals: (factors, 11, features), scaled, the decoded rows.
    """

    weighed: FactorImportance
    permutation: Floats
    z: Floats
    traversals: Floats


def probe(x: Floats, z: Floats, rows: Rows, network: Coder, weights: Floats) -> FactorAttribution:
    """Return the attribution of all factors; see `weigh` for the arguments."""
    weighed = weigh(x, z, rows, network, weights)
    sample = rows.train[chosen(len(rows.train), SHUFFLED_ROWS)]
    sd = _or_nan(_deviation(z[rows.train]))
    largest = np.nan_to_num(moves(x, rows, weights) / sd).max(axis=1)
    strongest = np.sort(np.argsort(-largest, kind="stable")[:SHUFFLED_FEATURES])
    moved = permutation(x[sample], z[sample], strongest, network) / sd
    values, traversals = _traversals(z[rows.train], network)
    return FactorAttribution(weighed, moved, values, traversals)


def weigh(x: Floats, z: Floats, rows: Rows, network: Coder, weights: Floats) -> FactorImportance:
    """Return the importance of all factors, and their standardised Jacobian.

    x: (rows, features), scaled. z: (rows, factors), encoded by `network`. weights: (features,
    factors), mean Jacobian of the encoder.
    """
    jacobian = standardised(weights, deviations(x, rows), z[rows.train])
    return FactorImportance(explained(x, z, rows, network), jacobian)


def explained(x: Floats, z: Floats, rows: Rows, network: Coder) -> Floats:
    """Return the fall of R^2 if a factor is fixed at its training mean: (factors,).

    On held-out rows, or on training rows if none are held out; NaN if these do not vary. Factors
    overlap, so that the falls need not add up to R^2 and can be negative.
    x: (rows, features), scaled. z: (rows, factors), decoded in blocks.
    """
    mean = reconstruction.predicting_the_mean(x, rows).rows
    _, evaluated = rows.evaluated
    factors, fixed = z.shape[1], z[rows.train].mean(axis=0)
    errors = np.zeros(factors + 1)
    for block in blocks(len(evaluated), x.shape[1] * (factors + 1)):
        # variant 0 is unchanged; variant k + 1 has factor k fixed
        variants = np.repeat(z[evaluated[block]][None], factors + 1, axis=0)
        for k in range(factors):
            variants[k + 1, :, k] = fixed[k]
        decoded = network.decode(variants.reshape(-1, factors))
        residuals = decoded.reshape(factors + 1, -1, x.shape[1]) - x[evaluated[block]]
        errors += np.square(residuals, dtype=np.float64).sum((1, 2))
    return (errors[1:] - errors[0]) / _or_nan(mean[evaluated].sum() * x.shape[1])


def deviations(x: Floats, rows: Rows) -> Floats:
    """Return the standard deviation of each feature over the training rows: (features,)."""
    squares = reconstruction.predicting_the_mean(x, rows).parts["train"].features
    return np.sqrt(squares / len(rows.train))


def standardised(weights: Floats, sd: Floats, z: Floats) -> Floats:
    """Return the change of a factor in sd for one sd of a feature: (features, factors).

    NaN if the factor is constant. weights: (features, factors), Jacobian of the encoder. sd:
    (features,), standard deviations of the features. z: (training rows, factors).
    """
    return weights * sd[:, None] / _or_nan(_deviation(z))


def moves(x: Floats, rows: Rows, weights: Floats) -> Floats:
    """Return the mean effect of each feature on each factor: (features, factors).

    |weight| times the mean absolute deviation of the feature. A feature that is the same in nearly
    all rows can have a large weight after scaling to unit variance, but it affects few rows.
    x: (rows, features), scaled. weights: (features, factors).
    """
    sample = x[rows.train[chosen(len(rows.train), MEASURED_ROWS)]]
    return np.abs(weights) * np.abs(sample - sample.mean(axis=0)).mean(axis=0)[:, None]


def permutation(x: Floats, z: Floats, features: Integers, network: Coder) -> Floats:
    """Return the mean |change| of each factor if a feature is shuffled: (features, factors).

    In units of the factor; NaN for features that are not in `features`. Permutation importance of
    Breiman (2001, doi:10.1023/A:1010933404324), there of predictions.
    x: (rows, features), scaled. z: (rows, factors).
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


def _traversals(z: Floats, network: Coder) -> tuple[Floats, Floats]:
    """Return the values of each factor in its traversal, and the rows decoded from them.

    The other factors are at their medians.
    """
    values, factors = np.quantile(z, QUANTILES, axis=0).T, z.shape[1]
    points = np.tile(np.median(z, axis=0), (factors, len(QUANTILES), 1))
    for k in range(factors):
        points[k, :, k] = values[k]
    decoded = network.decode(points.reshape(-1, factors).astype(z.dtype))
    return values, decoded.reshape(factors, len(QUANTILES), -1)


def _deviation(z: Floats) -> Floats:
    """Return standard deviations, exactly 0 for columns that are constant up to rounding."""
    return centred(z).std(axis=0)


def _or_nan(values: Floats) -> Floats:
    """Return divisors with NaN instead of 0."""
    return np.where(values > 0, values, np.nan)


def sampled(rows: int) -> Integers:
    """Return the rows of the mean Jacobian: all, or a fixed random sample."""
    return chosen(rows, JACOBIAN_ROWS)


def signed_features(
    weights: Floats, moves: Floats, features: tuple[str, ...]
) -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Return the features with positive and with negative weights for each factor.

    Ordered by falling effect. weights, moves: (features, factors), see `moves`.
    """

    def listed(factor: int, chosen: NDArray[np.bool]) -> list[dict[str, Any]]:
        order = sorted(np.flatnonzero(chosen), key=lambda j: -moves[j, factor])
        return [{"feature": features[j], "weight": float(weights[j, factor])} for j in order]

    return {
        f"z{k + 1}": {"positive": listed(k, column > 0), "negative": listed(k, column < 0)}
        for k, column in enumerate(weights.T)
    }
