"""Stability: do repeated trainings find the same reconstructions, factors and clusters?

An autoencoder does not identify its latent space. The encoder can bend and turn it, and the
decoder undo it, without a change of any reconstruction. Repeated trainings therefore often find
the same surface among the features in other coordinates. The space is judged by what is
identified: the reconstructions of the rows, and which rows are neighbours among them. Factors and
clusters are judged one by one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.clustering.consensus import Consensus, consensus
from aeexp.analysis.factors.matching import Match, match
from aeexp.analysis.latent import spaces
from aeexp.analysis.spread import Spread, spread
from aeexp.config.spec import Space
from aeexp.data import Floats, Integers

REPRODUCIBLE = 0.8  # minimum mean correlation with the matched factors: 0.64 of the variance
ABOVE_UNRELATED = 0.95
"""Quantile of the correlations with unrelated factors that a reproducible factor exceeds."""


@dataclass(frozen=True)
class Stability:
    """Agreement of several members, trained with other seeds or on resampled rows.

    matches: of the factors of every other member with those of the first. cka: linear CKA of the
    latents, higher is more similar. procrustes: disparity of the latents, lower is more similar.
    neighbours_kept: share of 15 nearest rows in common, among latents, higher is more similar.
    cka_reconstructions, neighbours_kept_reconstructions: the same of the reconstructions. All are
    between 0 and 1, over pairs of members. neighbours_by_chance: share of neighbours that two
    unrelated spaces have in common on average. unrelated: (factors, models), |correlation| of the
    factors of the first member with their matches in models of tables without structure.
    clusterings: by name.
    """

    matches: tuple[Match, ...]
    cka: Spread
    procrustes: Spread
    neighbours_kept: Spread
    cka_reconstructions: Spread
    neighbours_kept_reconstructions: Spread
    neighbours_by_chance: float
    unrelated: Floats
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
        the same, because the loss does not change if the space is rotated.
        """
        return self.correlations.mean(axis=1)

    @property
    def thresholds(self) -> Floats:
        """Return the least reproducibility of a reproducible factor: (factors,).

        0.8, or the 95 % quantile of the factor's correlations with its matches in unrelated
        models if that is higher. With few rows, unrelated factors can be highly correlated.
        """
        if not self.unrelated.shape[1]:
            return np.full(len(self.unrelated), REPRODUCIBLE)
        reached = np.quantile(self.unrelated, ABOVE_UNRELATED, axis=1, method="higher")
        return np.maximum(reached, REPRODUCIBLE)

    @property
    def reproducible(self) -> NDArray[np.bool_]:
        """Return which factors are at least as reproducible as their thresholds: (factors,)."""
        return self.reproducibility >= self.thresholds

    @property
    def keeps_neighbours(self) -> bool:
        """Return whether nearly all pairs of members have more common neighbours than by chance.

        Their mean share, less two standard deviations, is above chance. Undefined shares are not.
        """
        kept = self.neighbours_kept_reconstructions
        return bool(kept.mean - 2 * np.nan_to_num(kept.sd) > self.neighbours_by_chance)

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the content of stability.json."""
        factors = zip(
            self.reproducibility.tolist(),
            self.thresholds.tolist(),
            self.reproducible.tolist(),
            strict=True,
        )
        return {
            "members": len(self.matches) + 1,
            "cka": self.cka.document,
            "procrustes": self.procrustes.document,
            "neighbours_kept": self.neighbours_kept.document,
            "cka_reconstructions": self.cka_reconstructions.document,
            "neighbours_kept_reconstructions": self.neighbours_kept_reconstructions.document,
            "neighbours_by_chance": self.neighbours_by_chance,
            "factors": {
                f"z{k + 1}": {"reproducibility": value, "threshold": least, "reproducible": yes}
                for k, (value, least, yes) in enumerate(factors)
            },
            "clusterings": {
                name: consensus.document for name, consensus in self.clusterings.items()
            },
        }


def stability(
    members: Sequence[Mapping[Space, Floats]],
    clusterings: Mapping[str, Integers],
    unrelated: Sequence[Floats] = (),
) -> Stability:
    """Return the agreement of the members.

    members: (rows, coordinates) by space of at least two members, for the same rows in the same
    order; the first member is judged. clusterings: (members, rows) by name, -1 for noise; see
    `consensus`. unrelated: (rows, factors) of models of tables without structure, as many rows.
    Spaces are compared in pairs; with more than 64 members, each is compared with the first.
    """
    assert len(members) > 1, "there is nothing to compare with"
    latents, points = ([member[space] for member in members] for space in Space)
    first = latents[0]
    chance = np.array([match(first, z).correlations for z in unrelated])
    return Stability(
        matches=tuple(match(first, other) for other in latents[1:]),
        cka=_over_pairs(spaces.cka, latents),
        procrustes=_over_pairs(spaces.disparity, latents),
        neighbours_kept=spread(spaces.neighbours_kept(latents)),
        cka_reconstructions=_over_pairs(spaces.cka, points),
        neighbours_kept_reconstructions=spread(spaces.neighbours_kept(points)),
        neighbours_by_chance=spaces.neighbours_by_chance(len(first)),
        unrelated=chance.reshape(len(unrelated), first.shape[1]).T,
        clusterings={name: consensus(codes) for name, codes in clusterings.items()},
    )


def _over_pairs(measure: Callable[[Floats, Floats], float], latents: Sequence[Floats]) -> Spread:
    return spread([measure(latents[i], latents[j]) for i, j in spaces.pairs(len(latents))])
