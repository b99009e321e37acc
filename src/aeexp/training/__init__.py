"""train: an experiment's network on its rows -> what happened, epoch by epoch."""

from aeexp.training.history import History
from aeexp.training.keras_fit import train

__all__ = ["History", "train"]
