"""Would another training have found the same factors, the same space and the same clusters?"""

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

REPRODUCIBLE = 0.8  # mean correlation of a factor with its like, which is 0.64 of its variance


@dataclass(frozen=True)
class Stability:
    """What several members, trained alike but for seed or rows, have in common.

    matches: of each other member's factors to the first's. cka: linear CKA, more is more alike;
    procrustes: disparity, less is; neighbours_kept: share of 15 nearest rows, more is. All from 0
    to 1, over pairs of members. clusterings: by name.
    """

    matches: tuple[Match, ...]
    cka: Spread
    procrustes: Spread
    neighbours_kept: Spread
    clusterings: Mapping[str, Consensus]

    @property
    def correlations(self) -> Floats:
        """Return how each factor correlates with its like: (factors, other members), unsigned."""
        return np.array([each.correlations for each in self.matches]).T

    @property
    def reproducibility(self) -> Floats:
        """Return each factor's mean correlation with its likes, from 0 to 1: (factors,).

        The idea is Icasso's (Himberg et al., 2004, doi:10.1016/j.neuroimage.2004.03.027): what is
        there is found again whatever the start. Factors may not reproduce although the space that
        they span does, as it may be turned at no cost; CKA and Procrustes tell.
        """
        return self.correlations.mean(axis=1)

    @property
    def reproducible(self) -> NDArray[np.bool_]:
        """Return which factors have a reproducibility of at least 0.8: (factors,)."""
        return self.reproducibility >= REPRODUCIBLE

    @property
    def document(self) -> Mapping[str, Any]:
        """Return its numbers as stability.json has them."""
        found = zip(self.reproducibility.tolist(), self.reproducible.tolist(), strict=True)
        return {
            "members": len(self.matches) + 1,
            "cka": self.cka.document,
            "procrustes": self.procrustes.document,
            "neighbours_kept": self.neighbours_kept.document,
            "factors": {
                f"z{k + 1}": {"reproducibility": r, "reproducible": yes}
                for k, (r, yes) in enumerate(found)
            },
            "clusterings": {name: each.document for name, each in self.clusterings.items()},
        }


def stability(latents: Sequence[Floats], clusterings: Mapping[str, Integers]) -> Stability:
    """Return what the members have in common.

    latents: (rows, factors) of each of at least two members, of the same rows in one order, the
    first being the one that is judged. clusterings: (members, rows) by name, -1 for noise; see
    `consensus`. Spaces are compared pair by pair, of more than 64 members each with the first.
    """
    assert len(latents) > 1, "a member to compare with"
    between = [(latents[i], latents[j]) for i, j in spaces.pairs(len(latents))]
    return Stability(
        matches=tuple(match(latents[0], other) for other in latents[1:]),
        cka=spread([spaces.cka(*pair) for pair in between]),
        procrustes=spread([spaces.disparity(*pair) for pair in between]),
        neighbours_kept=spread(spaces.neighbours_kept(latents)),
        clusterings={name: consensus(codes) for name, codes in clusterings.items()},
    )
