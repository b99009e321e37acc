"""build: ModelSpec -> encoder and decoder as Keras models."""

from aeexp.models import autoencoder
from aeexp.models.initialisation import Make, built, first_values, seeds
from aeexp.models.network import Network, build

__all__ = ["Make", "Network", "autoencoder", "build", "built", "first_values", "seeds"]
