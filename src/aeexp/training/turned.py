"""Turn the factors of trained members to the axes that their experiments ask for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aeexp.config.spec import Autoencoder, Axes
from aeexp.data import Floats
from aeexp.models.axes import fold, moments, turn
from aeexp.training.population import Member, Trained

MOST_ROWS = 10_000
"""Training rows from which axes are computed, every k-th of them if there are more."""


def turned(population: Sequence[Member], trained: Trained) -> Trained:
    """Return the members with their factors in the axes of `Experiment.axes`.

    The members reconstruct as before. A diverged member is left as it is.
    """
    weights = [
        _turned(member, trained, number)
        for number, member in enumerate(population[: len(trained.histories)])
    ]
    return replace(trained, weights=weights)


def _turned(member: Member, trained: Trained, number: int) -> list[Floats]:
    axes, spec = member.experiment.axes, member.experiment.model
    weights: list[Any] = trained.weights[number]
    if axes is Axes.none or not all(np.isfinite(weight).all() for weight in weights):
        return weights
    assert isinstance(spec, Autoencoder), "other models have no axes"
    network = trained.network(number)
    rows = member.rows[:: -(-len(member.rows) // MOST_ROWS)]
    by_name = dict(zip(network.names, weights, strict=True))
    folded = fold(spec, by_name, turn(axes, moments(network, member.x[rows])))
    return [folded[name] for name in network.names]
