"""The latent spaces of several runs, rotated towards a common orientation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import orthogonal_procrustes

from aeexp.analysis.latent.spaces import disparity
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.data.dataset import Classes, Floats, Labels, Values
from aeexp.runs import Run

MOST_ROWS = 10_000  # rows read of a run
MOST_CLASSES = 20
"""Numeric labels with more distinct values are values, not classes."""


@dataclass(frozen=True)
class Latents:
    """The latent coordinates of a run.

    rows: names of the rows. z: (rows, factors). labels: None if there are none. likeness: to the
    reference run, from 0 to 1; NaN if the space was not rotated.
    """

    run: Outcome
    rows: Sequence[str]
    z: Floats
    labels: Labels | None
    factors: int
    likeness: float = np.nan

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return the index of each row by its name."""
        return {row: i for i, row in enumerate(self.rows)}


def latents(run: Outcome) -> Latents | None:
    """Read the latents of a run; None if they are missing or cannot be read."""
    try:
        table = Run(run.folder).table("latents", MOST_ROWS) if run.folder else {}
        columns = [table[name] for name in table if re.fullmatch(r"z\d+", name)]
        z = np.array(columns, float).T
        labels = _labels(table["label"]) if "label" in table else None
        return Latents(run, table["row"], z, labels, z.shape[1]) if z.size else None
    except (OSError, ValueError, KeyError):
        return None


def turned(read: Sequence[Latents]) -> list[Latents]:
    """Rotate each space towards the first one of the same data, by their common rows."""
    first: dict[str, Latents] = {}
    return [_turned(run, first.setdefault(run.run.data, run)) for run in read]


def _turned(run: Latents, reference: Latents) -> Latents:
    common = [row for row in run.places if row in reference.places]
    if run is reference or len(common) < 2:
        return run
    places = np.array([run.places[row] for row in common])
    z, likeness = aligned(run.z[places], reference.z[[reference.places[row] for row in common]])
    labels = run.labels and run.labels.take(places)
    return replace(run, rows=common, z=z, labels=labels, likeness=likeness)


def aligned(z: Floats, reference: Floats) -> tuple[Floats, float]:
    """Rotate and reflect a latent space towards the space of another run; return the likeness too.

    This solves the orthogonal Procrustes problem (Schönemann, 1966, doi:10.1007/BF02289451). The
    loss of an autoencoder does not fix the direction of its factors, so that two runs can differ
    by a rotation alone. Lengths are preserved. The likeness is 1 - Procrustes disparity, from 0
    to 1: the share of the variance of `reference` that `z` explains after rotation and scaling.
    It is NaN if either space is constant.

    z: (rows, factors). reference: (rows, its factors), the same rows. The narrower space is padded
    with zeros. Returns (rows, larger number of factors), with mean 0.
    """
    width = max(z.shape[1], reference.shape[1])
    z, reference = _centred(z, width), _centred(reference, width)
    return z @ orthogonal_procrustes(z, reference)[0], 1 - disparity(z, reference)


def _centred(z: Floats, width: int) -> Floats:
    return np.pad(z - z.mean(axis=0), [(0, 0), (0, width - z.shape[1])])


def _labels(column: Sequence[str]) -> Labels:
    names = _in_order(dict.fromkeys(text for text in column if text))
    try:
        values = np.array([float(text) if text else np.nan for text in column])
    except ValueError:
        values = None
    if values is not None and len(names) > MOST_CLASSES:
        return Values("label", values)
    codes = {name: code for code, name in enumerate(names)}
    numbers = np.array([codes.get(text, -1) for text in column])
    return Classes("label", numbers, tuple(names), none="no label")


def _in_order(names: Mapping[str, None]) -> list[str]:
    """Return numbered names by their numbers, others unchanged, in the order that a run uses."""
    ends = {name: re.search(r"\d+$", name) for name in names}
    if all(ends.values()):
        return sorted(names, key=lambda name: (len(name), name))
    return list(names)
