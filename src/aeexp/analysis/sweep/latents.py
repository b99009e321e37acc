"""The latent spaces of several runs, turned alike."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aeexp.analysis.sweep.align import aligned
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.data.dataset import Classes, Floats, Labels, Values
from aeexp.runs import Run

MOST_ROWS = 10_000  # read of each run
MOST_CLASSES = 20
"""Labels that are all numbers, and more than these, are values, not classes."""


@dataclass(frozen=True)
class Latents:
    """Where the rows of a run lie in its latent space.

    rows: their names. z: (rows, factors). labels: None if there are none. likeness: to the run it
    is turned to, from 0 to 1; not a number if it is turned to none.
    """

    run: Outcome
    rows: Sequence[str]
    z: Floats
    labels: Labels | None
    factors: int
    likeness: float = np.nan

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return the number of each row by its name."""
        return {row: i for i, row in enumerate(self.rows)}


def latents(run: Outcome) -> Latents | None:
    """Read the latents of a run; None if it has none that can be read."""
    try:
        table = Run(run.folder).table("latents", MOST_ROWS) if run.folder else {}
        columns = [table[name] for name in table if re.fullmatch(r"z\d+", name)]
        z = np.array(columns, float).T
        labels = _labels(table["label"]) if "label" in table else None
        return Latents(run, table["row"], z, labels, z.shape[1]) if z.size else None
    except (OSError, ValueError, KeyError):
        return None


def turned(read: Sequence[Latents]) -> list[Latents]:
    """Turn each towards the first of the same data, by the rows that both have."""
    first: dict[str, Latents] = {}
    return [_turned(each, first.setdefault(each.run.data, each)) for each in read]


def _turned(each: Latents, reference: Latents) -> Latents:
    if each is reference:
        return each
    common = [row for row in each.places if row in reference.places]
    if len(common) < 2:
        return each
    z, likeness = aligned(
        each.z[[each.places[row] for row in common]],
        reference.z[[reference.places[row] for row in common]],
    )
    places = np.array([each.places[row] for row in common])
    labels = each.labels and each.labels.of(places)
    return replace(each, rows=common, z=z, labels=labels, likeness=likeness)


def _labels(column: Sequence[str]) -> Labels:
    names = _in_order(dict.fromkeys(text for text in column if text))
    try:
        values = np.array([float(text) if text else np.nan for text in column])
    except ValueError:
        values = None
    if values is not None and len(names) > MOST_CLASSES:
        return Values("label", values)
    codes = {name: code for code, name in enumerate(names)}
    found = np.array([codes.get(text, -1) for text in column])
    return Classes("label", found, tuple(names), none="no label")


def _in_order(names: Mapping[str, None]) -> list[str]:
    """Return numbered names by their numbers, others as they come, as the run itself does."""
    ends = {name: re.search(r"\d+$", name) for name in names}
    if all(ends.values()):
        return sorted(names, key=lambda name: (len(name), name))
    return list(names)
