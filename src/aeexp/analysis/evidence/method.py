"""The autoencoder and the simpler methods that it stands beside."""

from collections.abc import Mapping
from dataclasses import dataclass

from aeexp.analysis.evidence.advantage import Advantage
from aeexp.analysis.evidence.baselines import NAMES
from aeexp.analysis.latent.neighbourhoods import Neighbourhoods
from aeexp.analysis.reconstruction import Residuals
from aeexp.data import Floats, Integers

AUTOENCODER, PCA = "autoencoder", NAMES[0]


@dataclass(frozen=True)
class Method:
    """A way to as many factors.

    z: (rows, factors). advantage: of the autoencoder over it, None for the autoencoder itself.
    clusters: (rows,) by the clustering's name; of baselines none where no label is classes.
    spearman: of distances, with a standard error where pairs are sampled.
    """

    z: Floats
    residuals: Residuals
    advantage: Advantage | None
    neighbourhoods: Neighbourhoods
    clusters: Mapping[str, Integers]
    spearman: Mapping[str, float]
