"""A card for each factor of a run."""

from collections.abc import Sequence

from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.factors.associations import associations
from aeexp.analysis.factors.attribution import Probed, Weighed
from aeexp.analysis.factors.cards import Card, cards
from aeexp.analysis.factors.matching import match
from aeexp.analysis.findings import Findings
from aeexp.data import Floats

Other = tuple[Floats, Weighed]
"""Another training's factors, (controls' rows, factors), and how it weighs them."""


def card_for_each(
    found: Findings, probed: Probed, others: Sequence[Other], known: Stability | None
) -> list[Card]:
    """Return a card for each factor of a run. others: than the run's own training."""
    own = found.z[found.planned.rows]
    weighed = [each.matched(match(own, z)) for z, each in others]
    back = known.reproducibility if known else None
    found_with = associations(found.z, found.problem.data.labels)
    return cards(found.z[found.problem.rows.train], probed, weighed, back, found_with)
