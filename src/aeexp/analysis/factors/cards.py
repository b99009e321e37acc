"""Factor cards: a summary of each factor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.factors.associations import Association, associations
from aeexp.analysis.factors.attribution import FactorAttribution, FactorImportance
from aeexp.analysis.factors.matching import centred, match
from aeexp.analysis.result import RunResult
from aeexp.data import Floats, Integers

DEAD = 0.01  # variance relative to the largest variance of a factor
DUPLICATE = 0.95  # absolute correlation with another factor


@dataclass(frozen=True)
class Range:
    """Numbers of the run's model, with their minimum and maximum over other trainings.

    `value` can be outside `low` to `high`. Both are NaN without other trainings.
    """

    value: Floats
    low: Floats
    high: Floats

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Return which numbers have the same sign in all trainings; all of a single training."""
        return ~((self.value * self.low <= 0) | (self.value * self.high <= 0))

    def select(self, factor: int) -> "Range":
        """Return the numbers of one factor. Factors are the last axis."""
        return Range(self.value[..., factor], self.low[..., factor], self.high[..., factor])


@dataclass(frozen=True)
class FactorAssociation:
    """Association of a factor with a label; see `associations`."""

    label: str
    measure: str
    value: float
    p: float
    p_adjusted: float


@dataclass(frozen=True)
class Card:
    """Summary of a factor.

    explained: fall of R^2 without it, see `attribution.explained`. reproducibility: from 0 to 1,
    NaN for a single training. reproducible: whether it is; True for a single training. flag: "",
    "dead" or "duplicate of z1". jacobian, permutation: (features,), see `attribution`;
    `permutation` and all below are of the run's model. z: (11,), values in the traversal.
    traversal: (11, features), scaled, decoded rows.
    """

    name: str
    explained: Range
    reproducibility: float
    reproducible: bool
    flag: str
    jacobian: Range
    permutation: Floats
    z: Floats
    traversal: Floats
    associations: Sequence[FactorAssociation]

    @property
    def strongest(self) -> Integers:
        """Return the features by falling permutation importance.

        Features with the same sign in all trainings come first. Features that were not shuffled
        come last.
        """
        slopes = np.nan_to_num(np.abs(self.jacobian.value))
        moved = np.nan_to_num(self.permutation, nan=-1)
        return np.lexsort((-slopes, -moved, ~self.jacobian.settled))

    @property
    def doubt(self) -> str:
        """Return why the factor is unreliable, "" if it is not."""
        return self.flag or ("" if self.reproducible else "not reproducible")


def ranged(model: Floats, trainings: Sequence[Floats]) -> Range:
    """Return numbers of the run's model with their range over other trainings.

    The range is minimum to maximum, as there are too few trainings (about 8) for quantiles. NaNs
    of dead factors are ignored. model, trainings: arrays of one shape, factors last.
    """
    stack = np.array(trainings or [np.full_like(model, np.nan)])
    return Range(model, np.fmin.reduce(stack), np.fmax.reduce(stack))


def flags(z: Floats) -> list[str]:
    """Return the defect of each factor, "" for none.

    dead: its variance is 0 or below 0.01 of the largest. duplicate of z1: its absolute correlation
    with an earlier factor, here z1, exceeds 0.95. z: (training rows, factors).
    """
    z = centred(z)
    variances = z.var(axis=0)
    dead = (variances == 0) | (variances < DEAD * variances.max())
    unit = z / np.where(dead, 1, np.linalg.norm(z, axis=0))
    correlated = (np.abs(unit.T @ unit) > DUPLICATE) & ~dead & ~dead[:, None]
    names = []
    for is_dead, earlier in zip(dead, np.tril(correlated, -1), strict=True):
        duplicate = f"duplicate of z{earlier.argmax() + 1}" if earlier.any() else ""
        names.append("dead" if is_dead else duplicate)
    return names


def cards(
    z: Floats,
    model: FactorAttribution,
    trainings: Sequence[FactorImportance],
    stability: Stability | None,
    labels: Sequence[Association],
) -> list[Card]:
    """Return a card for each factor.

    z: (training rows, factors), of the run's model. model: its attribution. trainings: importance
    in other trainings, matched to the model. stability: None for a single training. labels:
    associations of each label.
    """
    factors = z.shape[1]
    reproducibility = stability.reproducibility if stability else np.full(factors, np.nan)
    reproducible = stability.reproducible if stability else np.ones(factors, bool)
    explained = ranged(model.weighed.explained, [other.explained for other in trainings])
    jacobian = ranged(model.weighed.jacobian, [other.jacobian for other in trainings])
    return [
        Card(
            name=f"z{k + 1}",
            explained=explained.select(k),
            reproducibility=float(reproducibility[k]),
            reproducible=bool(reproducible[k]),
            flag=flag,
            jacobian=jacobian.select(k),
            permutation=model.permutation[:, k],
            z=model.z[k],
            traversal=model.traversals[k],
            associations=[
                FactorAssociation(
                    label.label,
                    label.measure,
                    float(label.value[k]),
                    float(label.p[k]),
                    float(label.p_adjusted[k]),
                )
                for label in labels
            ],
        )
        for k, flag in enumerate(flags(z))
    ]


def run_cards(
    result: RunResult,
    probed: FactorAttribution,
    trainings: Sequence[tuple[Floats, FactorImportance]],
    stability: Stability | None,
) -> list[Card]:
    """Return a card for each factor of a run.

    trainings: latents, (rows of the controls, factors), and importance of the factors of the other
    trainings.
    """
    z_own = result.z[result.planned.rows]
    return cards(
        result.z[result.problem.rows.train],
        probed,
        [weighed.matched(match(z_own, z)) for z, weighed in trainings],
        stability,
        associations(result.z, result.problem.data.labels, result.problem.data.design),
    )
