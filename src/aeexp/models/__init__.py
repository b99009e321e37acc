"""build: ModelSpec -> encoder and decoder as Keras models."""

from aeexp.models import autoencoder
from aeexp.models.network import Network, build

__all__ = ["Network", "autoencoder", "build"]
