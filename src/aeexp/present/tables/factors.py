"""The factors as cards: a figure, and tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aeexp.analysis.factors.attribution import Weighed
from aeexp.analysis.factors.cards import Card
from aeexp.analysis.result import RunResult
from aeexp.data import Floats
from aeexp.runs.artifact import Artifact, Table

Other = tuple[Floats, Weighed]
"""Another training's factors, (controls' rows, factors), and how it weighs them."""
TRAVERSED = 20  # features of traversals.csv
TAKEN = {"factor", "z"}  # the columns before them


def tables(result: RunResult, of: Sequence[Card]) -> Iterator[Artifact]:
    """Yield the tables of factors, of what ties features and labels to them, and of traversals."""
    features = result.problem.data.features
    yield Table("factors", factors(of))
    yield Table("importance", importance(of, features))
    traversed = [result.problem.scaling.undo(card.traversal) for card in of]
    yield Table("traversals", traversals(of, traversed, features))
    if of[0].associations:
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
    return {"factor": [card.name for card in of for _ in card.associations]} | {
        name: [getattr(tie, name) for card in of for tie in card.associations] for name in names
    }
