"""Shapes of a model's weights, from its spec."""

import math
from collections.abc import Mapping

from aeexp.config.spec import ModelSpec

Shape = tuple[int, ...]

MOST_BYTES = 2**31
"""Limit on the size of a model's weights, because a model's file can be untrusted."""


def shapes(spec: ModelSpec, features: int) -> Mapping[str, Shape] | None:
    """Return the shape of every weight of a model by name.

    None if its class does not define `shapes`. Then the model must be built to find out.
    """
    compute = spec.own_method("shapes")
    return compute(features) if compute else None


def weights(spec: ModelSpec, features: int) -> int | None:
    """Return the number of weights of a model; None if its class does not define `shapes`."""
    by_name = shapes(spec, features)
    return None if by_name is None else sum(map(math.prod, by_name.values()))
