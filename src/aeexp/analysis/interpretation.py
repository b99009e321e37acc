"""What do the factors read from the features?"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.data import Floats

SAMPLE = 2_000  # rows a mean Jacobian is taken over where there are more
STEP = 1e-2  # of a central difference, in scaled units: balances rounding and curvature


def mean_jacobian(encode: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Return the mean over rows of d z_k / d x_j, as (features, factors).

    By central differences, which need no more of a backend than a forward pass; over a fixed
    random sample of 2,000 rows where there are more. x: (rows, features), scaled.
    """
    rows = x if len(x) <= SAMPLE else np.random.default_rng(0).choice(x, SAMPLE, replace=False)
    steps = STEP * np.eye(x.shape[1], dtype=x.dtype)[:, None, :]
    moved = np.concatenate([rows + steps, rows - steps]).reshape(-1, x.shape[1])
    z = encode(moved).astype(np.float64).reshape(2, x.shape[1], len(rows), -1)
    return (z[0] - z[1]).mean(1) / (2 * STEP)


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
