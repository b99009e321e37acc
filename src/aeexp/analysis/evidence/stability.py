"""Stability: do repeated trainings find the same factors, latent space and clusters?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.clustering.consensus import Consensus, consensus
from aeexp.analysis.factors.matching import Match, match
from aeexp.analysis.latent import spaces
from aeexp.analysis.spread import Spread, spread
from aeexp.data import Floats, Integers

REPRODUCIBLE = 0.8  # minimum mean correlation with the matched factors: 0.64 of the variance


@dataclass(frozen=True)
class Stability:
    """Agreement of several members, trained with other seeds or on resampled rows.

    matches: of the factors of every other member with those of the first. cka: linear CKA, higher
    is more similar. procrustes: disparity, lower is more similar. neighbours_kept: share of 15
    nearest rows in common, higher is more similar. All are between 0 and 1, over pairs of members.
    clusterings: by name.
    """

    matches: tuple[Match, ...]
    cka: Spread
    procrustes: Spread
    neighbours_kept: Spread
    clusterings: Mapping[str, Consensus]

    @property
    def correlations(self) -> Floats:
        """Return |correlation| of each factor with its matches: (factors, other members)."""
        return np.array([match.correlations for match in self.matches]).T

    @property
    def reproducibility(self) -> Floats:
        """Return the mean |correlation| of each factor with its matches, 0 to 1: (factors,).

        The idea is that of Icasso (Himberg et al., 2004, doi:10.1016/j.neuroimage.2004.03.027): a
        real component is found from any initial weights. Factors can differ although the space is
        the same, because the loss does not change if the space is rotated. CKA and Procrustes
        disparity measure the space.
        """
        return self.correlations.mean(axis=1)

    @property
    def reproducible(self) -> NDArray[np.bool_]:
        """Return which factors have a reproducibility of at least 0.8: (factors,)."""
        return self.reproducibility >= REPRODUCIBLE

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the content of stability.json."""
        return {
            "members": len(self.matches) + 1,
            "cka": self.cka.document,
            "procrustes": self.procrustes.document,
            "neighbours_kept": self.neighbours_kept.document,
            "factors": {
                f"z{k + 1}": {"reproducibility": value, "reproducible": value >= REPRODUCIBLE}
                for k, value in enumerate(self.reproducibility.tolist())
            },
            "clusterings": {
                name: consensus.document for name, consensus in self.clusterings.items()
            },
        }


def stability(latents: Sequence[Floats], clusterings: Mapping[str, Integers]) -> Stability:
    """Return the agreement of the members.

    latents: (rows, factors) of at least two members, for the same rows in the same order; the
    first member is judged. clusterings: (members, rows) by name, -1 for noise; see `consensus`.
    Spaces are compared in pairs; with more than 64 members, each is compared with the first.
    """
    assert len(latents) > 1, "there is nothing to compare with"
    pairs = [(latents[i], latents[j]) for i, j in spaces.pairs(len(latents))]
    return Stability(
        matches=tuple(match(latents[0], other) for other in latents[1:]),
        cka=spread([spaces.cka(*pair) for pair in pairs]),
        procrustes=spread([spaces.disparity(*pair) for pair in pairs]),
        neighbours_kept=spread(spaces.neighbours_kept(latents)),
        clusterings={name: consensus(codes) for name, codes in clusterings.items()},
    )
