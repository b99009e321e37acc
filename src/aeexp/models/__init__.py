"""build: ModelSpec -> encoder and decoder as Keras models."""

from aeexp.models import autoencoder, residual
from aeexp.models.initialisation import Make, build_seeded, initial_values, seeds
from aeexp.models.network import Network, build, start

__all__ = [
    "Make",
    "Network",
    "autoencoder",
    "build",
    "build_seeded",
    "initial_values",
    "residual",
    "seeds",
    "start",
]
