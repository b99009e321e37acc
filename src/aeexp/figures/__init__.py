"""Figures: arrays in, a matplotlib Figure out; nothing is shown or saved."""

from aeexp.figures.baselines import Measure, baselines
from aeexp.figures.cards import Factor, cards
from aeexp.figures.consensus import consensus
from aeexp.figures.contingency import contingency
from aeexp.figures.doubts import Doubts
from aeexp.figures.how_many import how_many
from aeexp.figures.latent import latent
from aeexp.figures.learning_rate import learning_rate
from aeexp.figures.loss import loss
from aeexp.figures.null import Against, null
from aeexp.figures.power import power
from aeexp.figures.probes import Told, probes
from aeexp.figures.reconstruction import reconstruction
from aeexp.figures.reproducibility import Found, reproducibility
from aeexp.figures.rnx import Curve, rnx
from aeexp.figures.scree import scree
from aeexp.figures.weights import weight_bars, weight_map

__all__ = [
    "Against",
    "Curve",
    "Doubts",
    "Factor",
    "Found",
    "Measure",
    "Told",
    "baselines",
    "cards",
    "consensus",
    "contingency",
    "how_many",
    "latent",
    "learning_rate",
    "loss",
    "null",
    "power",
    "probes",
    "reconstruction",
    "reproducibility",
    "rnx",
    "scree",
    "weight_bars",
    "weight_map",
]
