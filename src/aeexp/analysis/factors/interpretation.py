"""What do the factors read from the features?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.sampling import chosen
from aeexp.data import Floats, Integers

SAMPLE = 2_000  # rows a mean Jacobian is taken over where there are more


def sampled(rows: int) -> Integers:
    """Return over which rows the mean Jacobian is taken: a fixed random sample of many."""
    return chosen(rows, SAMPLE)


def signed_features(
    weights: Floats, moves: Floats, features: tuple[str, ...]
) -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Return for each factor the features with positive and with negative weights.

    First is what moves it most. weights, moves: (features, factors), see `probing.moves`.
    """

    def listed(factor: int, chosen: NDArray[np.bool]) -> list[dict[str, Any]]:
        order = sorted(np.flatnonzero(chosen), key=lambda j: -moves[j, factor])
        return [{"feature": features[j], "weight": float(weights[j, factor])} for j in order]

    return {
        f"z{k + 1}": {"positive": listed(k, column > 0), "negative": listed(k, column < 0)}
        for k, column in enumerate(weights.T)
    }
