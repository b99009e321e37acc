"""Figures: arrays in, a matplotlib Figure out; nothing is shown or saved."""

from aeexp.figures.contingency import contingency
from aeexp.figures.latent import latent
from aeexp.figures.loss import loss
from aeexp.figures.reconstruction import reconstruction
from aeexp.figures.weights import weight_bars, weight_map

__all__ = ["contingency", "latent", "loss", "reconstruction", "weight_bars", "weight_map"]
