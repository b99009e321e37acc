"""Conversion between the columns of a user's table and features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeexp.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = "iufb"
"""NumPy's kinds of columns with numbers: integers, floats and truth values."""
EXACT = 2**53  # the largest integer up to which double precision is exact


@dataclass(frozen=True)
class Column:
    """A column of a table: unchanged, as log(1 + value), or as one feature for each category.

    sqrt, lags: of the steps that follow, see `TimeSteps`: square roots, and the number of rows
    before whose features are added.
    """

    name: str
    categories: tuple[str, ...] = ()
    log1p: bool = False
    sqrt: bool = False
    lags: int = 0

    @property
    def features(self) -> tuple[str, ...]:
        """Return the names of its features: those of the row itself, then of the rows before."""
        if self.categories:
            names = tuple(f"{self.name}={category}" for category in self.categories)
        else:
            names = (f"log1p({self.name})" if self.log1p else self.name,)
        if self.sqrt:
            names = tuple(f"sqrt({name})" for name in names)
        before = (f"{name}[t-{lag}]" for lag in range(1, self.lags + 1) for name in names)
        return (*names, *before)

    def encode(self, values: pd.Series[Any]) -> NDArray[np.floating]:
        """Convert (rows,) cells to (rows, features); a missing cell is NaN in all features.

        Without square roots and lags: those are `TimeSteps`. A category that is not in
        `categories` is 0 in all features.

        Raises:
            UserError: A value is text instead of a number, or has no logarithm.
        """
        if self.categories:
            text = words(values)
            indicators = (text[:, None] == np.array(self.categories, object)).astype(np.float32)
            indicators[text == ""] = np.nan
            return indicators
        if not is_numeric(values):
            raise UserError(f"column {self.name} must have numbers, got {_no_number(values)}.")
        numbers = values.to_numpy(_precision(values), na_value=np.nan)
        if self.log1p:
            low = np.nanmin(numbers, initial=np.inf)
            if low <= -1:
                raise UserError(
                    f"column {self.name} must have values above -1 for log1p, got {low:g}."
                )
            numbers = np.log1p(numbers)
        return numbers[:, None]

    def decode(self, features: NDArray[np.floating]) -> NDArray[Any]:
        """Convert (rows, features) to (rows,) cells; the largest indicator is the category."""
        features = features[:, : features.shape[1] // (1 + self.lags)]
        if self.sqrt:
            features = np.square(features.clip(0))
        if self.categories:
            return np.array(self.categories, object)[features.argmax(1)]
        return np.expm1(features[:, 0]) if self.log1p else features[:, 0]


def _no_number(values: pd.Series[Any]) -> str:
    """Return the first cell of a text column that is no number, quoted."""
    import pandas as pd  # noqa: PLC0415  (only for a user's table)

    present = values[values.notna()]
    wrong = present[pd.to_numeric(present, errors="coerce").isna()]
    cells = wrong if len(wrong) else present
    return f"{cells.iloc[0]!r}"[:60] if len(cells) else "nothing"


def _precision(values: pd.Series[Any]) -> type[np.floating]:
    return np.float32 if values.dtype == np.float32 else np.float64


def is_numeric(values: pd.Series[Any]) -> bool:
    """Return whether a column has numbers, not text."""
    return values.dtype.kind in NUMERIC


def example(values: pd.Series[Any]) -> str:
    """Return the first cell of a column, quoted."""
    present = values.dropna()
    return repr(str(present.iloc[0]))[:40] if len(present) else "no cells"


def words(values: pd.Series[Any]) -> NDArray[np.object_]:
    """Return cells as text, (rows,): integers without a point, missing cells as "".

    Integers with missing cells among them are read as floats.
    """
    present = values.dropna()
    is_integral = present.dtype.kind == "f" and (present % 1 == 0).all()
    if is_integral and (present.abs() < EXACT).all():
        present = present.astype("int64")
    text = np.full(len(values), "", object)
    text[values.notna().to_numpy()] = present.astype(str).to_numpy(object)
    return text


def features(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the names of the features of columns, in order."""
    return tuple(feature for column in columns for feature in column.features)


def places(columns: Sequence[Column]) -> Iterator[tuple[Column, slice]]:
    """Yield each column and the slice of its features."""
    start = 0
    for column in columns:
        stop = start + len(column.features)
        yield column, slice(start, stop)
        start = stop


def encode(columns: Sequence[Column], frame: pd.DataFrame) -> NDArray[np.floating]:
    """Return a table's features, (rows, features); in single precision if all its numbers are.

    Without square roots and lags: those are `TimeSteps`.

    Raises:
        UserError: As `Column.encode`.
    """
    numeric = [column.name for column in columns if not column.categories]
    single = all(_precision(frame[name]) is np.float32 for name in numeric)
    columns = [replace(column, sqrt=False, lags=0) for column in columns]  # the steps follow
    x = np.empty((len(frame), len(features(columns))), np.float32 if single else np.float64)
    for column, place in places(columns):
        x[:, place] = column.encode(frame[column.name])
    return x


def decode(columns: Sequence[Column], x: NDArray[np.floating]) -> Mapping[str, NDArray[Any]]:
    """Convert features to columns by name. x: (rows, features)."""
    return {column.name: column.decode(x[:, place]) for column, place in places(columns)}
