"""The features of each factor, by sign and effect."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.sampling import chosen
from aeexp.data import Floats, Integers

SAMPLE = 2_000  # largest sample of rows for a mean Jacobian


def sampled(rows: int) -> Integers:
    """Return the rows of the mean Jacobian: all, or a fixed random sample."""
    return chosen(rows, SAMPLE)


def signed_features(
    weights: Floats, moves: Floats, features: tuple[str, ...]
) -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Return the features with positive and with negative weights for each factor.

    Ordered by falling effect. weights, moves: (features, factors), see `attribution.moves`.
    """

    def listed(factor: int, chosen: NDArray[np.bool]) -> list[dict[str, Any]]:
        order = sorted(np.flatnonzero(chosen), key=lambda j: -moves[j, factor])
        return [{"feature": features[j], "weight": float(weights[j, factor])} for j in order]

    return {
        f"z{k + 1}": {"positive": listed(k, column > 0), "negative": listed(k, column < 0)}
        for k, column in enumerate(weights.T)
    }
