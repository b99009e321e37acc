"""What is each factor?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.evidence.stability import REPRODUCIBLE
from aeexp.analysis.factors.associations import Association
from aeexp.analysis.factors.attribution import Probed, Weighed
from aeexp.analysis.factors.matching import centred
from aeexp.data import Floats, Integers

DEAD = 0.01  # of the largest variance of a factor
DUPLICATE = 0.95  # correlation with another factor


@dataclass(frozen=True)
class Range:
    """Numbers of the run's model, and the least and the greatest of its other trainings.

    The former may lie outside of the latter, which are not numbers where there are no others.
    """

    value: Floats
    low: Floats
    high: Floats

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Return which numbers have the same sign in all trainings, as where there is but one."""
        return ~((self.value * self.low <= 0) | (self.value * self.high <= 0))

    def of(self, factor: int) -> "Range":
        """Return the same of one factor: the factors are last."""
        return Range(self.value[..., factor], self.low[..., factor], self.high[..., factor])


@dataclass(frozen=True)
class FactorAssociation:
    """A label that goes with a factor, or does not; see `associations`."""

    label: str
    measure: str
    value: float
    p: float
    p_adjusted: float


@dataclass(frozen=True)
class Card:
    """What is known of a factor.

    explained: of the variance, see `probing.explained`. reproducibility: from 0 to 1, not a
    number where there was one training. flag: "", "dead" or "duplicate of z1". jacobian,
    permutation: (features,), see `probing`; the latter, as what follows, of the run's model. z:
    (11,), where it is taken to; traversal: (11, features), scaled.
    """

    name: str
    explained: Range
    reproducibility: float
    flag: str
    jacobian: Range
    permutation: Floats
    z: Floats
    traversal: Floats
    associations: Sequence[FactorAssociation]

    @property
    def strongest(self) -> Integers:
        """Return the features by how far it moves where they are shuffled, falling.

        Those whose sign is settled are first; those that were not shuffled move it less.
        """
        slopes = np.nan_to_num(np.abs(self.jacobian.value))
        moved = np.nan_to_num(self.permutation, nan=-1)
        return np.lexsort((-slopes, -moved, ~self.jacobian.settled))

    @property
    def doubt(self) -> str:
        """Return why it is not to be relied on; nothing where it is."""
        missed = self.reproducibility < REPRODUCIBLE
        return self.flag or ("does not come back" if missed else "")


def ranged(own: Floats, others: Sequence[Floats]) -> Range:
    """Return what the run's model has for its factors, and the range of other trainings.

    Least and greatest: of some 8 trainings, quantiles are no more than these. Those in which a
    factor is dead, so that nothing is a number, tell nothing of it. Arrays of one shape, the
    factors last.
    """
    stack = np.array(others or [np.full_like(own, np.nan)])
    return Range(own, np.fmin.reduce(stack), np.fmax.reduce(stack))


def flags(z: Floats) -> list[str]:
    """Return what is wrong with each factor, "" where nothing is.

    dead: its variance is below 0.01 of the largest, or 0. duplicate of z1: it correlates, in
    magnitude, by more than 0.95 with that one, the first such. z: (training rows, factors).
    """
    z = centred(z)
    variances = z.var(axis=0)
    dead = (variances == 0) | (variances < DEAD * variances.max())
    unit = z / np.where(dead, 1, np.linalg.norm(z, axis=0))
    alike = (np.abs(unit.T @ unit) > DUPLICATE) & ~dead & ~dead[:, None]
    found = []
    for k, earlier in enumerate(np.tril(alike, -1)):
        twin = f"duplicate of z{earlier.argmax() + 1}" if earlier.any() else ""
        found.append("dead" if dead[k] else twin)
    return found


def cards(
    z: Floats,
    own: Probed,
    others: Sequence[Weighed],
    reproducibility: Floats | None,
    found: Sequence[Association],
) -> list[Card]:
    """Return a card for each factor.

    z: (training rows, factors), of the run's model. own: what it makes of them. others: how other
    trainings weigh them, matched to it. reproducibility: (factors,), None where there was one
    training. found: of each label.
    """
    back = np.full(z.shape[1], np.nan) if reproducibility is None else reproducibility
    explained = ranged(own.weighed.explained, [each.explained for each in others])
    jacobian = ranged(own.weighed.jacobian, [each.jacobian for each in others])
    return [
        Card(
            name=f"z{k + 1}",
            explained=explained.of(k),
            reproducibility=float(back[k]),
            flag=flag,
            jacobian=jacobian.of(k),
            permutation=own.permutation[:, k],
            z=own.z[k],
            traversal=own.traversals[k],
            associations=[_tie(each, k) for each in found],
        )
        for k, flag in enumerate(flags(z))
    ]


def _tie(found: Association, factor: int) -> FactorAssociation:
    numbers = (found.value, found.p, found.p_adjusted)
    return FactorAssociation(
        found.label, found.measure, *(float(each[factor]) for each in numbers)
    )
