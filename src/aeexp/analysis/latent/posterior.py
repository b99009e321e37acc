"""Distributions of factors: which factors carry no information on the rows."""

from collections.abc import Callable, Sequence

import numpy as np

from aeexp.data import Floats

COLLAPSED = 0.01
"""Divergence, in nats, below which a factor has collapsed to the standard normal."""


def divergences(z: Floats, deviations: Floats) -> Floats:
    """Return the mean divergence of each factor from the standard normal, in nats: (factors,).

    z, deviations: (rows, factors), means and standard deviations (Kingma and Welling, 2014,
    arXiv:1312.6114, appendix B).
    """
    squares = np.square(deviations, dtype=np.float64)
    return np.asarray((0.5 * (squares + np.square(z) - 1 - np.log(squares))).mean(axis=0))


def collapsed(z: Floats, deviations: Floats | None, factors: Sequence[str]) -> list[str]:
    """Return the factors whose distribution is the same in all rows; see `divergences`."""
    if deviations is None:
        return []
    return [
        name
        for name, nats in zip(factors, divergences(z, deviations), strict=True)
        if nats < COLLAPSED
    ]


def lower_bound(
    x: Floats, z: Floats, deviations: Floats, decode: Callable[[Floats], Floats], draws: int = 100
) -> tuple[float, float]:
    """Return the evidence lower bound of a row with the best noise, and that noise's variance.

    x: (rows, features), scaled. z, deviations: see `divergences`. decode: from factors to rows.
    draws: of the factors of each row, for the expected error (Kingma and Welling, 2014,
    arXiv:1312.6114, equation 10).
    """
    generator = np.random.default_rng(0)
    drawn = (z + deviations * generator.normal(size=z.shape) for _ in range(draws))
    errors = [np.square(x - decode(factors.astype(np.float32))).mean() for factors in drawn]
    noise = float(np.mean(errors))
    likelihood = -x.shape[1] / 2 * (np.log(2 * np.pi * noise) + 1)
    return likelihood - float(divergences(z, deviations).sum()), noise
