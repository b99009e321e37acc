"""A table of numbers with its labels, and `load`, which returns the table of a spec."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import DatasetSpec, Missing
from aeexp.config.verb import verb
from aeexp.data.chunks import blocks
from aeexp.data.design import EXCHANGEABLE, Design
from aeexp.data.effects import Covariates
from aeexp.data.features import Column

if TYPE_CHECKING:
    from aeexp.data.selection import Selection
    from aeexp.data.time_steps import TimeSteps

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]


MOST_CLASSES = 100
"""A label with more classes is not reported and does not set the number of clusters: it probably
names the rows."""


@dataclass(frozen=True)
class Classes:
    """A class for each row: row i belongs to class `names[codes[i]]`.

    name: what the classes are, such as "cultivar". codes: (rows,), -1 for rows without a class.
    none: the name for these rows.
    """

    name: str
    codes: Integers
    names: tuple[str, ...]
    none: str = "noise"

    @property
    def are_names(self) -> bool:
        """Return whether they name the rows: fewer than two rows for each class, on average."""
        labelled = self.codes[self.codes >= 0]
        return len(labelled) < 2 * len(np.unique(labelled))

    def take(self, rows: Integers) -> Self:
        """Return the classes of some rows."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True)
class Values:
    """A number for each row, such as the progression of a disease. values: (rows,)."""

    name: str
    values: Floats

    def take(self, rows: Integers) -> Self:
        """Return the values of some rows."""
        return replace(self, values=self.values[rows])


Labels = Classes | Values


@dataclass(frozen=True)
class Dataset:
    """A table. Models are trained without its labels, which serve to evaluate the results.

    x: (rows, features), in original units. rows: the names of the rows. labels: most results
    refer to the first. missing: how missing cells will be filled. origin: the columns of the
    user's table that became features; if empty, each feature is a column. part: "train", "val" or
    "test" for each row, if the table has a column for the split. notes: sentences on how the table
    was read. design: which rows depend on one another. batch: the name of the label that is the
    batch of each row, such as a plate. covariates: columns whose effects are removed. steps: of
    preprocessing in the order of rows, which made x, and raw_hash: the fingerprint of the table
    before them; None without steps. selection: of x from more features, with the scaling of rows;
    None without one. codes: numbers that probably mean "missing" but were not
    declared as dataset.na.
    """

    name: str
    x: Floats
    features: tuple[str, ...]
    rows: Sequence[str] | range
    labels: tuple[Labels, ...] = ()
    missing: Missing = Missing.error
    origin: tuple[Column, ...] = ()
    part: Sequence[str] | None = None
    notes: tuple[str, ...] = ()
    design: Design = EXCHANGEABLE
    batch: str | None = None
    steps: TimeSteps | None = None
    selection: Selection | None = None
    raw_hash: str | None = None
    covariates: Covariates | None = None
    codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.x.shape == (len(self.rows), len(self.features))

    @property
    def own_labels(self) -> tuple[Labels, ...]:
        """Return the labels without the batch."""
        return tuple(labels for labels in self.labels if labels.name != self.batch)

    @property
    def label(self) -> Labels | None:
        """Return the first label that is not the batch, if there is one."""
        return next(iter(self.own_labels), None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns that became features."""
        return self.origin or tuple(map(Column, self.features))


@verb
def load(spec: DatasetSpec) -> Dataset:
    """Return the table of a spec.

    For a new kind of table, add a spec to `aeexp.config.spec.dataset` and register a loader here.
    """
    raise NotImplementedError(
        f"No loader for {type(spec).__name__}: register one with aeexp.data.load.register."
    )


def fingerprint(data: Dataset) -> str:
    """Return a SHA-256 hash of a table's numbers, names and labels, as they were read."""
    if data.raw_hash is not None:
        return data.raw_hash
    digest = hashlib.sha256()
    for block in blocks(*data.x.shape):
        digest.update(np.ascontiguousarray(data.x[block]).data)
    digest.update(_bytes(*data.features, *map(str, data.rows)))
    for labels in data.labels:
        match labels:
            case Classes(name, codes, names, none):
                with_none = (*names, none)  # code -1 is the last
                digest.update(_bytes(name, *(with_none[code] for code in codes)))
            case Values(name, values):
                digest.update(_bytes(name) + values.tobytes())
    for column in (data.design.time, data.design.groups):
        if column is not None:
            digest.update(column.astype(np.int64).tobytes())
    if data.covariates is not None:
        digest.update(_bytes(*data.covariates.names))
        digest.update(np.ascontiguousarray(data.covariates.values).data)
    return digest.hexdigest()


def _bytes(*names: str) -> bytes:
    return "\0".join(names).encode(errors="surrogatepass")  # names may contain any character
