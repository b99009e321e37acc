"""Is a label predicted from the factors better than by chance?

The score and its test are declared here, before any result is seen: nearest neighbours, by the
balanced accuracy of classes and by R^2 of numbers, on held-out rows, against shuffled labels. The
p-values of the labels are adjusted by Holm (1979, Scandinavian Journal of Statistics 6:65).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.evidence.baselines import AUTOENCODER
from aeexp.analysis.evidence.power import LEVEL
from aeexp.analysis.factors.cards import Card, FactorAssociation
from aeexp.analysis.labels.scores import Score
from aeexp.data import Floats

DECLARED = "knn balanced accuracy", "knn r2"
"""The scores that are tested."""
MOST_LABELS = 3
"""The first labels, which are tested; each further one would weaken the test of the others."""
NOTABLE = 0.1
"""Gain over shuffled labels that must be excluded before a label counts as not predicted."""


@dataclass(frozen=True)
class Carrier:
    """The factor that is most strongly associated with a label."""

    factor: str
    association: FactorAssociation

    @property
    def significant(self) -> bool:
        """Return whether its p-value, adjusted for all factors and labels, is at most 0.05."""
        return bool(self.association.p_adjusted <= LEVEL)


@dataclass(frozen=True)
class LabelClaim:
    """Whether a label is predicted from the factors.

    scores: by the name of the input, the factors first. p: of the factors, adjusted for `tests`
    labels. carrier: None if no association is defined.
    """

    label: str
    scores: Mapping[str, Score]
    p: float
    tests: int
    carrier: Carrier | None

    @property
    def score(self) -> Score:
        """Return the score of the factors."""
        return self.scores[AUTOENCODER]

    @property
    def least_p(self) -> float:
        """Return the least possible value of `p`."""
        return min(1.0, self.tests / (1 + self.score.copies))

    @property
    def claim(self) -> str:
        """Return whether the label is predicted: yes, no or undecided.

        yes: p is at most 0.05. no: two standard errors exclude a gain of 0.1 over shuffled labels.
        """
        if self.p <= LEVEL:
            return "yes"
        score, most = self.score, self.score.held_out + 2 * self.score.held_out_se
        testable = self.least_p <= LEVEL
        return "no" if testable and most < score.permuted_mean + NOTABLE else "undecided"

    @property
    def gain(self) -> float:
        """Return the score above that of shuffled labels, as a share of what is possible."""
        chance = self.score.permuted_mean
        return (self.score.held_out - chance) / (1 - chance)

    def clearly_better(self, input_name: str) -> bool:
        """Return whether another input predicts the label better, with p of at most 0.05."""
        other = self.scores[input_name]
        return bool(other.difference < 0 and other.difference_p <= LEVEL)

    def clearly_worse(self, input_name: str) -> bool:
        """Return whether another input predicts the label worse, with p of at most 0.05."""
        other = self.scores[input_name]
        return bool(other.difference > 0 and other.difference_p <= LEVEL)


def label_claims(
    scores: Sequence[Score], cards: Sequence[Card], batch: str | None = None
) -> list[LabelClaim]:
    """Return the claims on the first three labels with a score, the batch among them.

    cards: of the factors.
    """
    by_label: dict[str, dict[str, Score]] = {}
    for score in scores:
        if score.number in DECLARED:
            by_label.setdefault(score.label, {})[score.input] = score
    tested = {
        label: inputs for label, inputs in by_label.items() if np.isfinite(inputs[AUTOENCODER].p)
    }
    names = sorted(tested, key=lambda label: label != batch)[:MOST_LABELS]
    first = [(label, inputs) for label, inputs in tested.items() if label in names]
    adjusted = holm(np.array([inputs[AUTOENCODER].p for _, inputs in first]))
    return [
        LabelClaim(label, inputs, float(p), len(first), _carrier(label, cards))
        for (label, inputs), p in zip(first, adjusted, strict=True)
    ]


def holm(p: Floats) -> Floats:
    """Return p-values adjusted for their number (Holm, 1979): (tests,)."""
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(scaled, 1)
    return adjusted


def _carrier(label: str, cards: Sequence[Card]) -> Carrier | None:
    carriers = [
        Carrier(card.name, association)
        for card in cards
        for association in card.associations
        if association.label == label and np.isfinite(association.value)
    ]
    return max(carriers, key=lambda c: abs(c.association.value), default=None)
