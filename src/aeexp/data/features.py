"""How the columns of a user's table become features, and features columns again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeexp.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

WHOLE = 2**53  # below which floats hold every whole number


@dataclass(frozen=True)
class Column:
    """A column of a table: as it is, as log(1 + value), or as a feature for each category."""

    name: str
    categories: tuple[str, ...] = ()
    log1p: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """Return the names of the features that it becomes."""
        if self.categories:
            return tuple(f"{self.name}={category}" for category in self.categories)
        return (f"log1p({self.name})" if self.log1p else self.name,)

    def encode(self, values: pd.Series[Any]) -> NDArray[np.floating]:
        """Return its features, (rows, features); what is missing is not a number in all of them.

        A category that is not among its own is in none of them.

        Raises:
            UserError: A value is text that should be a number, or has no logarithm.
        """
        if self.categories:
            return self._indicators(values)
        if values.dtype.kind not in "iufb":
            message = f"column {self.name} holds {_example(values)}, which is not a number."
            raise UserError(message)
        numbers = values.to_numpy(_precision(values), na_value=np.nan)
        if self.log1p:
            low = np.nanmin(numbers, initial=np.inf)
            if low <= -1:
                message = f"column {self.name}: log1p needs values above -1, got {low:g}."
                raise UserError(message)
            numbers = np.log1p(numbers)
        return numbers[:, None]

    def decode(self, features: NDArray[np.floating]) -> NDArray[Any]:
        """Return the column that features mean: (rows, features) -> (rows,)."""
        if self.categories:
            return np.array(self.categories, object)[features.argmax(1)]
        return np.expm1(features[:, 0]) if self.log1p else features[:, 0]

    def _indicators(self, values: pd.Series[Any]) -> NDArray[np.floating]:
        text = words(values)
        indicators = (text[:, None] == np.array(self.categories, object)).astype(np.float32)
        indicators[text == ""] = np.nan
        return indicators


def _example(values: pd.Series[Any]) -> str:
    known = values[values.notna()]
    return f"{known.iloc[0]!r}"[:60] if len(known) else "nothing"


def _precision(values: pd.Series[Any]) -> type[np.floating]:
    return np.float32 if values.dtype == np.float32 else np.float64


def words(values: pd.Series[Any]) -> NDArray[np.object_]:
    """Return cells as text, (rows,): whole numbers without a point, what is missing as nothing.

    A column of whole numbers is read as one of floats as soon as a cell is missing.
    """
    known = values.dropna()
    if known.dtype.kind == "f" and (known % 1 == 0).all() and (known.abs() < WHOLE).all():
        known = known.astype("int64")
    text = np.full(len(values), "", object)
    text[values.notna().to_numpy()] = known.astype(str).to_numpy(object)
    return text


def features(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the names of the features that columns become, in order."""
    return tuple(feature for column in columns for feature in column.features)


def places(columns: Sequence[Column]) -> Iterator[tuple[Column, slice]]:
    """Yield each column with the place of its features among all."""
    start = 0
    for column in columns:
        stop = start + len(column.features)
        yield column, slice(start, stop)
        start = stop


def encode(columns: Sequence[Column], frame: pd.DataFrame) -> NDArray[np.floating]:
    """Return a table's features, (rows, features); in single precision if the table is.

    Raises:
        UserError: A value cannot be a feature's.
    """
    numeric = [column.name for column in columns if not column.categories]
    single = all(_precision(frame[name]) is np.float32 for name in numeric)
    x = np.empty((len(frame), len(features(columns))), np.float32 if single else np.float64)
    for column, place in places(columns):
        x[:, place] = column.encode(frame[column.name])
    return x


def decode(columns: Sequence[Column], x: NDArray[np.floating]) -> Mapping[str, NDArray[Any]]:
    """Return the columns that features mean, by name. x: (rows, features)."""
    return {column.name: column.decode(x[:, place]) for column, place in places(columns)}
