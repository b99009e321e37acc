"""Figures: arrays in, a matplotlib Figure out; nothing is shown or saved."""

from aeexp.figures.consensus import consensus
from aeexp.figures.contingency import contingency
from aeexp.figures.latent import latent
from aeexp.figures.loss import loss
from aeexp.figures.null import Against, null
from aeexp.figures.power import power
from aeexp.figures.reconstruction import reconstruction
from aeexp.figures.reproducibility import Found, reproducibility
from aeexp.figures.weights import weight_bars, weight_map

__all__ = [
    "Against",
    "Found",
    "consensus",
    "contingency",
    "latent",
    "loss",
    "null",
    "power",
    "reconstruction",
    "reproducibility",
    "weight_bars",
    "weight_map",
]
