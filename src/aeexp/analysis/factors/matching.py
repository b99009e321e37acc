"""Which factor of another model is which of this one's?"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from aeexp.data import Floats, Integers

CONSTANT = float(np.finfo(np.float32).eps)
"""Deviation, as a share of the greatest magnitude, up to which values differ by rounding alone."""


@dataclass(frozen=True)
class Match:
    """The factors of another model in the order and with the signs of a reference's.

    order: (factors,), for each factor of the reference the other's that goes with it. signs:
    (factors,), 1 or -1. correlations: (factors,), Pearson's between the two, without the sign;
    from 0 to 1.
    """

    order: Integers
    signs: Integers
    correlations: Floats

    def apply(self, columns: Floats) -> Floats:
        """Return what the other model has for each factor, turned into the reference's.

        columns: (rows, factors), latents, or (features, factors), weights; returns the same.
        """
        return columns[:, self.order] * self.signs.astype(columns.dtype)


def match(reference: Floats, z: Floats) -> Match:
    """Return how the factors of two models go together, one to one.

    The pairs are those with the greatest sum of correlations (Kuhn, 1955,
    doi:10.1002/nav.3800020109), as an autoencoder's loss tells neither the order nor the sign of
    its factors. A factor that is constant correlates with none, 0.
    reference, z: (rows, factors), of the same rows.
    """
    assert reference.shape == z.shape, "models of one shape"
    r = _standardised(reference).T @ _standardised(z)
    rows, order = linear_sum_assignment(-np.abs(r))
    paired = r[rows, order]
    return Match(order, np.where(paired < 0, -1, 1), np.minimum(np.abs(paired), 1.0))


def _standardised(z: Floats) -> Floats:
    """Return factors about 0 with length 1, so that products are correlations; constants as 0."""
    z = centred(z)
    lengths = np.linalg.norm(z, axis=0)
    return np.divide(z, lengths, out=np.zeros_like(z), where=lengths > 0)


def centred(z: Floats) -> Floats:
    """Return factors about 0, in double precision, those that are constant but for rounding as 0.

    z: (rows, factors).
    """
    z = z.astype(np.float64)
    about = z - z.mean(axis=0)
    return np.where(np.abs(about).max(axis=0) <= CONSTANT * np.abs(z).max(axis=0), 0.0, about)
