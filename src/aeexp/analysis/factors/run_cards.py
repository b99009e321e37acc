"""A card for each factor of a run."""

from collections.abc import Sequence

from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.factors.associations import associations
from aeexp.analysis.factors.attribution import Probed, Weighed
from aeexp.analysis.factors.cards import Card, cards
from aeexp.analysis.factors.matching import match
from aeexp.analysis.result import RunResult
from aeexp.data import Floats

Other = tuple[Floats, Weighed]
"""Another training's factors, (controls' rows, factors), and how it weighs them."""


def card_for_each(
    result: RunResult, probed: Probed, others: Sequence[Other], known: Stability | None
) -> list[Card]:
    """Return a card for each factor of a run. others: than the run's own training."""
    own = result.z[result.planned.rows]
    weighed = [each.matched(match(own, z)) for z, each in others]
    back = known.reproducibility if known else None
    found_with = associations(result.z, result.problem.data.labels)
    return cards(result.z[result.problem.rows.train], probed, weighed, back, found_with)
