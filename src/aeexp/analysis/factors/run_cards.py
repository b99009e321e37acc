"""Factor cards of a run."""

from collections.abc import Sequence

from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.factors.associations import associations
from aeexp.analysis.factors.attribution import Probed, Weighed
from aeexp.analysis.factors.cards import Card, cards
from aeexp.analysis.factors.matching import match
from aeexp.analysis.result import RunResult
from aeexp.data import Floats

Other = tuple[Floats, Weighed]
"""Latents, (rows of the controls, factors), and importance of the factors of another training."""


def card_for_each(
    result: RunResult, probed: Probed, others: Sequence[Other], stability: Stability | None
) -> list[Card]:
    """Return a card for each factor of a run. others: trainings other than the run's model."""
    own = result.z[result.planned.rows]
    return cards(
        result.z[result.problem.rows.train],
        probed,
        [weighed.matched(match(own, z)) for z, weighed in others],
        stability.reproducibility if stability else None,
        associations(result.z, result.problem.data.labels),
    )
