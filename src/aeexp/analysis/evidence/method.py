"""The autoencoder and its baselines."""

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
    """Result of the autoencoder or of a baseline.

    z: (rows, factors). advantage: of the autoencoder over this baseline, None for the autoencoder.
    clusters: (rows,) by the name of the clustering; baselines have clusters only if a label has
    classes. spearman: rank correlation of distances, with a standard error if pairs are sampled.
    """

    z: Floats
    residuals: Residuals
    advantage: Advantage | None
    neighbourhoods: Neighbourhoods
    clusters: Mapping[str, Integers]
    spearman: Mapping[str, float]
