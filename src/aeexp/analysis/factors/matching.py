"""Matching of the factors of two models."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from aeexp.data import Floats, Integers

CONSTANT = float(np.finfo(np.float32).eps)
"""Largest deviation of a constant column, relative to its largest magnitude: rounding."""


@dataclass(frozen=True)
class Match:
    """A one-to-one matching of the factors of a model with those of a reference.

    order: (factors,), the matched factor of the model for each factor of the reference. signs:
    (factors,), 1 or -1. correlations: (factors,), absolute Pearson correlation of both, from 0 to
    1.
    """

    order: Integers
    signs: Integers
    correlations: Floats

    def apply(self, columns: Floats) -> Floats:
        """Return columns of the model in the order and with the signs of the reference.

        columns: (rows, factors), latents, or (features, factors), weights. Returns the same shape.
        """
        return columns[:, self.order] * self.signs.astype(columns.dtype)


def match(reference: Floats, z: Floats) -> Match:
    """Return the matching with the largest sum of absolute correlations.

    The loss of an autoencoder does not depend on the order and the signs of its factors, so that
    they are matched by the Hungarian algorithm (Kuhn, 1955, doi:10.1002/nav.3800020109). A
    constant factor has correlation 0. reference, z: (rows, factors), of the same rows.
    """
    assert reference.shape == z.shape, "the models have different numbers of rows or factors"
    r = _standardised(reference).T @ _standardised(z)
    rows, order = linear_sum_assignment(-np.abs(r))
    paired = r[rows, order]
    return Match(order, np.where(paired < 0, -1, 1), np.minimum(np.abs(paired), 1.0))


def _standardised(z: Floats) -> Floats:
    """Return centred factors of length 1, whose products are correlations; constants as 0."""
    z = centred(z)
    lengths = np.linalg.norm(z, axis=0)
    return np.divide(z, lengths, out=np.zeros_like(z), where=lengths > 0)


def centred(z: Floats) -> Floats:
    """Return factors minus their mean, in double precision; 0 if constant up to rounding.

    z: (rows, factors).
    """
    z = z.astype(np.float64)
    deviations = z - z.mean(axis=0)
    constant = np.abs(deviations).max(axis=0) <= CONSTANT * np.abs(z).max(axis=0)
    return np.where(constant, 0.0, deviations)
