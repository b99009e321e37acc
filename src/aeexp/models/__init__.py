"""build: ModelSpec -> encoder and decoder as Keras models."""

from aeexp.models import autoencoder
from aeexp.models.network import Network, build
from aeexp.models.start import built, first_values

__all__ = ["Network", "autoencoder", "build", "built", "first_values"]
