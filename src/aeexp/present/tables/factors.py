"""The tables of the factors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aeexp.analysis.factors.cards import Card
from aeexp.analysis.result import RunResult
from aeexp.data import Floats
from aeexp.runs.artifact import Artifact, Table

MOST_FEATURES = 20  # columns of traversals.csv
RESERVED = {"factor", "z"}  # its other columns


def factor_tables(result: RunResult, cards: Sequence[Card]) -> Iterator[Artifact]:
    """Yield the tables of factors, importances, traversals and associations with labels."""
    features = result.problem.data.features
    yield Table("factors", factors(cards))
    yield Table("importance", importance(cards, features))
    traversed = [result.problem.scaling.undo(card.traversal) for card in cards]
    yield Table("traversals", traversals(cards, traversed, features))
    if cards[0].associations:
        yield Table("associations", associations(cards))


def factors(cards: Sequence[Card]) -> Mapping[str, Any]:
    """Return a table with a row for each factor.

    Columns that end in `_low` and `_high` are the least and greatest of the other trainings.
    """
    return {
        "factor": [card.name for card in cards],
        "variance_explained": [float(card.explained.value) for card in cards],
        "variance_explained_low": [float(card.explained.low) for card in cards],
        "variance_explained_high": [float(card.explained.high) for card in cards],
        "reproducibility": [card.reproducibility for card in cards],
        "flag": [card.flag for card in cards],
    }


def importance(cards: Sequence[Card], features: Sequence[str]) -> Mapping[str, Any]:
    """Return a table with a row for each factor and feature.

    jacobian, permutation: of the model of the run; low, high: of the other trainings.
    """
    return {
        "factor": [card.name for card in cards for _ in features],
        "feature": [*features] * len(cards),
        "jacobian": np.concatenate([card.jacobian.value for card in cards]),
        "jacobian_low": np.concatenate([card.jacobian.low for card in cards]),
        "jacobian_high": np.concatenate([card.jacobian.high for card in cards]),
        "permutation": np.concatenate([card.permutation for card in cards]),
    }


def traversals(
    cards: Sequence[Card], traversed: Sequence[Floats], features: Sequence[str]
) -> Mapping[str, Any]:
    """Return a table of the rows that are decoded along each factor.

    Its columns are the 20 features that rank highest on any card. traversed: for each factor
    (11, features), in original units.
    """
    rows = np.concatenate(traversed)
    ranks = np.min([np.argsort(card.strongest) for card in cards], axis=0)
    chosen = np.argsort(ranks, kind="stable")[:MOST_FEATURES]
    names = {
        j: f"feature.{features[j]}" if features[j] in RESERVED else features[j] for j in chosen
    }
    return {
        "factor": [card.name for card in cards for _ in card.z],
        "z": np.concatenate([card.z for card in cards]),
        **{names[j]: rows[:, j] for j in chosen},
    }


def associations(cards: Sequence[Card]) -> Mapping[str, Any]:
    """Return a table with a row for each factor and label."""
    names = ("label", "measure", "value", "p", "p_adjusted")
    rows = [(card.name, association) for card in cards for association in card.associations]
    columns = {name: [getattr(association, name) for _, association in rows] for name in names}
    return {"factor": [factor for factor, _ in rows]} | columns
