"""build: ModelSpec -> encoder and decoder as Keras models."""

from aeexp.models import autoencoder, residual, variational
from aeexp.models.initialisation import InitialValues, Make, build_seeded, seeds
from aeexp.models.network import Network, build, start

__all__ = [
    "InitialValues",
    "Make",
    "Network",
    "autoencoder",
    "build",
    "build_seeded",
    "residual",
    "seeds",
    "start",
    "variational",
]
