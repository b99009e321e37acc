"""The shapes of a model's weights, as its spec implies them."""

import math
from collections.abc import Mapping

from aeexp.config.spec import ModelSpec

Shape = tuple[int, ...]

MOST_BYTES = 2**31
"""Of the weights of a model: whoever reads it back, as a stranger's, holds no more."""


def shapes(spec: ModelSpec, features: int) -> Mapping[str, Shape] | None:
    """Return the shape of every weight of a model for rows of so many features, by its name.

    None where its class does not say them, and only a backend could tell.
    """
    of_model = spec.own_method("shapes")
    return of_model(features) if of_model else None


def weights(spec: ModelSpec, features: int) -> int | None:
    """Return how many weights a model has, for rows of so many features; None if unknown."""
    known = shapes(spec, features)
    return None if known is None else sum(map(math.prod, known.values()))
