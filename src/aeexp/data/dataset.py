"""A table of numbers and what is known about its rows."""

import hashlib
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from aeexp.spec import DatasetSpec

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]


@dataclass(frozen=True)
class Classes:
    """A name for each row: row i belongs to class `names[codes[i]]`.

    name: what the classes are, such as "cultivar". codes: (rows,).
    """

    name: str
    codes: Integers
    names: tuple[str, ...]


@dataclass(frozen=True)
class Values:
    """A number for each row, such as the progression of a disease. values: (rows,)."""

    name: str
    values: Floats


Labels = Classes | Values


@dataclass(frozen=True)
class Dataset:
    """x: (rows, features), in original units. Labels never train a model; they judge it."""

    name: str
    x: Floats
    features: tuple[str, ...]
    rows: tuple[str, ...]
    labels: Labels | None = None

    def __post_init__(self) -> None:
        assert self.x.shape == (len(self.rows), len(self.features))


@singledispatch
def load(spec: DatasetSpec) -> Dataset:
    """Return the table that a spec names.

    A new source of rows is a spec in `aeexp.spec.dataset` and a loader registered here.
    """
    message = f"No loader for {type(spec).__name__}: register one with aeexp.data.load.register."
    raise NotImplementedError(message)


def fingerprint(data: Dataset) -> str:
    """Return a hash of a table: its numbers, its names and its labels."""
    digest = hashlib.sha256(data.x.tobytes())
    digest.update(_bytes(*data.features, *data.rows))
    match data.labels:
        case Classes(name, codes, names):
            digest.update(_bytes(name, *(names[code] for code in codes)))
        case Values(name, values):
            digest.update(_bytes(name) + values.tobytes())
    return digest.hexdigest()


def _bytes(*names: str) -> bytes:
    return "\0".join(names).encode(errors="surrogatepass")  # a hash takes any name
