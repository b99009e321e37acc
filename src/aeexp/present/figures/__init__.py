"""Figures: functions of arrays that return a matplotlib Figure, which is not shown or saved."""

from aeexp.present.figures.baselines import Measure, baselines
from aeexp.present.figures.by_label import by_label
from aeexp.present.figures.candidates import Tried, candidates
from aeexp.present.figures.cards import Factor, cards
from aeexp.present.figures.consensus import consensus
from aeexp.present.figures.contingency import contingency
from aeexp.present.figures.how_many import how_many
from aeexp.present.figures.images import images
from aeexp.present.figures.latent import latent
from aeexp.present.figures.learning_rate import learning_rate
from aeexp.present.figures.loss import loss
from aeexp.present.figures.null import NullComparison, null
from aeexp.present.figures.paint import Unreliable
from aeexp.present.figures.power import power
from aeexp.present.figures.probes import LabelScore, probes
from aeexp.present.figures.reconstruction import reconstruction
from aeexp.present.figures.reproducibility import MatchScores, reproducibility
from aeexp.present.figures.rnx import Curve, rnx
from aeexp.present.figures.scree import scree
from aeexp.present.figures.weights import weight_bars, weight_map

__all__ = [
    "Curve",
    "Factor",
    "LabelScore",
    "MatchScores",
    "Measure",
    "NullComparison",
    "Tried",
    "Unreliable",
    "baselines",
    "by_label",
    "candidates",
    "cards",
    "consensus",
    "contingency",
    "how_many",
    "images",
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
