"""build: ModelSpec -> encoder and decoder as Keras models."""

from aeexp.models import autoencoder
from aeexp.models.network import Network, build
from aeexp.models.start import Make, built, first_values, seeds

__all__ = ["Make", "Network", "autoencoder", "build", "built", "first_values", "seeds"]
