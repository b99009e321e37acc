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
    return chosen(rows, SAMPLE, SAMPLE)


def signed_features(
    weights: Floats, features: tuple[str, ...]
) -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Return for each factor the features with positive and with negative weights, heaviest first.

    weights: (features, factors).
    """
    return {
        f"z{k + 1}": {
            "positive": _heaviest(column, features, column > 0),
            "negative": _heaviest(column, features, column < 0),
        }
        for k, column in enumerate(weights.T)
    }


def _heaviest(
    column: Floats, features: tuple[str, ...], chosen: NDArray[np.bool]
) -> list[dict[str, Any]]:
    order = sorted(np.flatnonzero(chosen), key=lambda j: -abs(column[j]))
    return [{"feature": features[j], "weight": float(column[j])} for j in order]
