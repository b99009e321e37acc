"""The factors as cards: a figure, and tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aeexp import figures
from aeexp.analysis.associations import associations
from aeexp.analysis.cards import Card, Tie, cards
from aeexp.analysis.matching import match
from aeexp.analysis.probing import Probed, Weighed
from aeexp.analysis.stability import Stability
from aeexp.artifact import Artifact, Table
from aeexp.data import Floats
from aeexp.findings import Findings

Other = tuple[Floats, Weighed]
"""Another training's factors, (controls' rows, factors), and how it weighs them."""
TRAVERSED = 20  # features of traversals.csv
MOST_TIES = 2  # labels that a card names
TAKEN = {"factor", "z"}  # the columns before them


def card_for_each(
    found: Findings, probed: Probed, others: Sequence[Other], known: Stability | None
) -> list[Card]:
    """Return a card for each factor of a run. others: than the run's own training."""
    own = found.z[found.planned.rows]
    weighed = [each.matched(match(own, z)) for z, each in others]
    back = known.reproducibility if known else None
    found_with = associations(found.z, found.problem.data.labels)
    return cards(found.z[found.problem.rows.train], probed, weighed, back, found_with)


def tables(found: Findings, of: Sequence[Card]) -> Iterator[Artifact]:
    """Yield the tables of factors, of what ties features and labels to them, and of traversals."""
    features = found.problem.data.features
    yield Table("factors", factors(of))
    yield Table("importance", importance(of, features))
    traversed = [found.problem.scaling.undo(card.traversal) for card in of]
    yield Table("traversals", traversals(of, traversed, features))
    if of[0].ties:
        yield Table("associations", ties(of))


def factors(of: Sequence[Card]) -> Mapping[str, Any]:
    """Return a table with a row a factor: of the run's model, low and high of its others."""
    return {
        "factor": [card.name for card in of],
        "variance_explained": [float(card.explained.value) for card in of],
        "variance_explained_low": [float(card.explained.low) for card in of],
        "variance_explained_high": [float(card.explained.high) for card in of],
        "reproducibility": [card.reproducibility for card in of],
        "flag": [card.flag for card in of],
    }


def importance(of: Sequence[Card], features: Sequence[str]) -> Mapping[str, Any]:
    """Return a table with a row for each factor and feature.

    jacobian, permutation: of the run's model; low, high: of other trainings.
    """
    return {
        "factor": [card.name for card in of for _ in features],
        "feature": [*features] * len(of),
        "jacobian": np.concatenate([card.jacobian.value for card in of]),
        "jacobian_low": np.concatenate([card.jacobian.low for card in of]),
        "jacobian_high": np.concatenate([card.jacobian.high for card in of]),
        "permutation": np.concatenate([card.permutation for card in of]),
    }


def traversals(
    of: Sequence[Card], traversed: Sequence[Floats], features: Sequence[str]
) -> Mapping[str, Any]:
    """Return a table of the rows that are decoded along each factor.

    Its columns are the 20 features that are among the first on any card. traversed: (11,
    features) of each factor, in original units.
    """
    rows = np.concatenate(traversed)
    places = np.min([np.argsort(card.strongest) for card in of], axis=0)
    return {
        "factor": [card.name for card in of for _ in card.z],
        "z": np.concatenate([card.z for card in of]),
    } | {
        f"feature.{features[j]}" if features[j] in TAKEN else features[j]: rows[:, j]
        for j in np.argsort(places, kind="stable")[:TRAVERSED]
    }


def ties(of: Sequence[Card]) -> Mapping[str, Any]:
    """Return a table with a row for each factor and label."""
    names = ("label", "measure", "value", "p", "p_adjusted")
    return {"factor": [card.name for card in of for _ in card.ties]} | {
        name: [getattr(tie, name) for card in of for tie in card.ties] for name in names
    }


def figure(found: Findings, of: Sequence[Card]) -> Figure:
    """Draw the cards."""
    scaling = found.problem.scaling
    drawn = [
        figures.Factor(
            name=card.name,
            explained=float(card.explained.value),
            slopes=np.array([card.jacobian.value, card.jacobian.low, card.jacobian.high]),
            strongest=card.strongest,
            z=card.z,
            traversal=card.traversal,
            ends=scaling.undo(card.traversal[[0, -1]]),
            said=[*_said(card)],
            doubt=card.doubt,
        )
        for card in of
    ]
    return figures.cards(drawn, found.problem.data.features)


def _said(card: Card) -> Iterator[str]:
    """Yield short lines on a factor."""
    explained = card.explained
    if np.isfinite(explained.value):
        low, high = (f"{100 * share:z.0f}" for share in (explained.low, explained.high))
        over = f" ({low} to {high})" if explained.low <= explained.high else ""
        yield f"{100 * explained.value:z.0f} % of the variance{over}"
    if np.isfinite(card.reproducibility):
        yield f"reproducibility {card.reproducibility:.2f}"
    for tie in sorted(card.ties, key=lambda tie: -np.nan_to_num(abs(tie.value)))[:MOST_TIES]:
        yield tie.label
        yield f"  {_tied(tie)}"


def _tied(tie: Tie) -> str:
    if np.isnan(tie.value):
        return "nothing to compare"
    sign = "η²" if tie.measure == "eta squared" else "ρ"
    p = "p < 0.001" if tie.p_adjusted < 0.001 else f"p = {tie.p_adjusted:.2g}"
    return f"{sign} {tie.value:z.2f}, adjusted {p}".replace("-", "−")
