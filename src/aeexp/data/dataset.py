"""A table of numbers and what is known about its rows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import DatasetSpec, Missing
from aeexp.config.verb import verb
from aeexp.data.chunks import blocks
from aeexp.data.features import Column

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]


MOST_CLASSES = 100
"""Of a label that is told, or says how many clusters there are; more rather name the rows."""


@dataclass(frozen=True)
class Classes:
    """A name for each row: row i belongs to class `names[codes[i]]`, to none if its code is -1.

    name: what the classes are, such as "cultivar". codes: (rows,). none: what a row without a
    class is called.
    """

    name: str
    codes: Integers
    names: tuple[str, ...]
    none: str = "noise"

    def of(self, rows: Integers) -> Self:
        """Return the classes of some rows."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True)
class Values:
    """A number for each row, such as the progression of a disease. values: (rows,)."""

    name: str
    values: Floats

    def of(self, rows: Integers) -> Self:
        """Return the values of some rows."""
        return replace(self, values=self.values[rows])


Labels = Classes | Values


@dataclass(frozen=True)
class Dataset:
    """x: (rows, features), in original units. Labels never train a model; they judge it.

    rows: what each row is called. labels: of the first, most is told. missing: how cells that are
    not a number are filled, which only a table that has some says. origin: the columns of the
    user's table that the features are made of; each is a feature where it is empty. part: what
    the table says each row is for, "train" or "val", if it does. notes: sentences about what was
    read.
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

    def __post_init__(self) -> None:
        assert self.x.shape == (len(self.rows), len(self.features))

    @property
    def label(self) -> Labels | None:
        """Return the first of the labels, if there is one."""
        return self.labels[0] if self.labels else None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns that the features are made of."""
        return self.origin or tuple(map(Column, self.features))


@verb
def load(spec: DatasetSpec) -> Dataset:
    """Return the table that a spec names.

    A new source of rows is a spec in `aeexp.config.spec.dataset` and a loader registered here.
    """
    message = f"No loader for {type(spec).__name__}: register one with aeexp.data.load.register."
    raise NotImplementedError(message)


def fingerprint(data: Dataset) -> str:
    """Return a hash of a table: its numbers, its names and its labels."""
    digest = hashlib.sha256()
    for block in blocks(*data.x.shape):
        digest.update(np.ascontiguousarray(data.x[block]).data)
    digest.update(_bytes(*data.features, *map(str, data.rows)))
    for labels in data.labels:
        match labels:
            case Classes(name, codes, names, none):
                said = (*names, none)
                digest.update(_bytes(name, *(said[code] for code in codes)))
            case Values(name, values):
                digest.update(_bytes(name) + values.tobytes())
    return digest.hexdigest()


def _bytes(*names: str) -> bytes:
    return "\0".join(names).encode(errors="surrogatepass")  # a hash takes any name
