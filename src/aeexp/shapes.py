"""The shapes of a model's weights, as its spec implies them."""

import math
from collections.abc import Mapping
from functools import singledispatch
from itertools import pairwise

from aeexp.spec import Autoencoder, ModelSpec

Shape = tuple[int, ...]

MOST_BYTES = 2**31
"""Of the weights of a model: whoever reads it back, as a stranger's, holds no more."""
NORMALISATION = tuple(
    f"_norm/{each}" for each in ("gamma", "beta", "moving_mean", "moving_variance")
)
"""What Keras keeps of a normalisation over the batch, which stands in for a bias."""


@singledispatch
def shapes(spec: ModelSpec, features: int) -> Mapping[str, Shape] | None:
    """Return the shape of every weight of a model for rows of so many features, by its name.

    None where only a backend could tell; a new model whose layers are known is registered here.
    """
    return None


@shapes.register
def _(spec: Autoencoder, features: int) -> Mapping[str, Shape]:
    units = [features, *spec.hidden, spec.latent_dim, *spec.hidden[::-1], features]
    depth = range(1, len(spec.hidden) + 1)
    names = [*(f"encoder_{i}" for i in depth), "z", *(f"decoder_{i}" for i in depth), "x_hat"]
    found: dict[str, Shape] = {}
    for name, (n_in, n_out) in zip(names, pairwise(units), strict=True):
        normalised = spec.batch_norm and name not in {"z", "x_hat"}
        found[f"{name}/kernel"] = n_in, n_out
        vectors = NORMALISATION if normalised else ("/bias",)
        found |= {f"{name}{vector}": (n_out,) for vector in vectors}
    return found


def weights(spec: ModelSpec, features: int) -> int | None:
    """Return how many weights a model has, for rows of so many features; None if unknown."""
    known = shapes(spec, features)
    return None if known is None else sum(map(math.prod, known.values()))
