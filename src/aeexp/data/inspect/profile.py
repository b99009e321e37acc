"""What the columns of a table look like: facts, and what one may suspect from them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, islice
from typing import Any

import numpy as np
import pandas as pd

from aeexp.data.io.cells import EXACT
from aeexp.data.io.names import listed

ENOUGH = 10  # rows, below which whole numbers rise by chance
SHORT = 100  # numbers that a set counts faster than pandas does
AT_ONCE = 2**20  # cells hashed in one call
CLASSES = 20  # distinct values that labels may have, and text may be categories with
NAMES_ID = re.compile(r"(?i)(.*[_ .-])?(id|index|key|name|barcode|accession|sample|x1)")
NAMES_LABEL = re.compile(
    r"(?i).*(class|label|target|species|type|group|cultivar|diagnosis|categor|condition|cluster)"
    r".*"
)


@dataclass(frozen=True)
class Column:
    """One column. low, high: the range of its finite numbers; examples: of its texts.

    index: whether the file says that it names the rows.
    """

    name: str
    type: str
    rows: int
    missing: int
    distinct: int
    low: float | None
    high: float | None
    examples: tuple[str, ...]
    rises: bool
    index: bool = False

    @property
    def is_text(self) -> bool:
        """Tell whether it is not one of numbers."""
        return self.type == "text"

    @property
    def is_constant(self) -> bool:
        """Tell whether all rows are alike, which no model learns from."""
        return self.distinct <= 1

    @property
    def is_id(self) -> bool:
        """Tell whether it seems to name the rows: all differ, and it is text or counts them."""
        named = self.type == "int64" and NAMES_ID.fullmatch(self.name) is not None
        differ = self.rows > 1 and self.distinct == self.rows
        return self.index or (differ and (self.is_text or self.rises or named))

    @property
    def is_category(self) -> bool:
        """Tell whether rows share a few values."""
        return 2 <= self.distinct <= min(CLASSES, self.rows // 2)

    @property
    def is_label(self) -> bool:
        """Tell whether it seems to say which class rows are of."""
        named = self.type == "int64" and NAMES_LABEL.fullmatch(self.name) is not None
        return self.is_category and (self.is_text or named)


@dataclass(frozen=True)
class Profile:
    """A table's columns; which of them are the same; how many rows repeat an earlier one."""

    columns: tuple[Column, ...]
    same: tuple[tuple[str, ...], ...]
    repeated: int


Cells = Mapping[str, Any]
"""The columns of a table by name: an array of numbers, or a pandas series of text."""


def profile(columns: Cells, rows: int, index: Sequence[str] = ()) -> Profile:
    """Look at every column, and at every row, once. index: the columns that name the rows."""
    found = tuple(
        replace(column, index=True) if column.name in index else column
        for column in (_column(name, values) for name, values in columns.items())
    )
    same, repeated = _alike(columns, rows)
    return Profile(found, tuple(same), repeated)


def counters(columns: Cells) -> list[str]:
    """Say which columns seem to number the rows."""
    rising = [name for name, values in _whole(columns) if _rises(values)]
    remedy = "if that is no measurement, say dataset.id=… or dataset.drop=[…]"
    return [f"numbers the rows, it seems: {listed(rising)} ({remedy})"] if rising else []


def too_large(columns: Cells) -> list[str]:
    """Say which whole numbers double precision does not tell apart."""
    big = [name for name, v in _whole(columns) if max(-int(v.min()), int(v.max())) > EXACT]
    return [f"above 2^53, too large to be told apart in a model: {listed(big)}"] if big else []


def _whole(columns: Cells) -> Iterator[tuple[str, Any]]:
    for name, values in columns.items():
        if values.dtype == np.int64:
            yield name, values


def _column(name: str, values: Any) -> Column:
    if isinstance(values, pd.Series):
        return Column(
            name=name,
            type="text",
            rows=len(values),
            missing=int(values.isna().sum()),
            distinct=int(values.nunique()),
            low=None,
            high=None,
            examples=tuple(values.dropna().iloc[:1000].unique()[:3]),
            rises=False,
        )
    whole = values.dtype == np.int64
    known = values if whole else values[~np.isnan(values)]
    finite = known if whole else known[np.isfinite(known)]
    return Column(
        name=name,
        type=_name(values.dtype),
        rows=len(values),
        missing=len(values) - len(known),
        distinct=len(set(known.tolist()) if len(known) <= SHORT else pd.unique(known)),
        low=finite.min().item() if finite.size else None,
        high=finite.max().item() if finite.size else None,
        examples=(),
        rises=whole and _rises(values),
    )


_name = cache(str)  # of a type of numbers, which takes NumPy ten microseconds to say


def _rises(values: Any) -> bool:
    """Tell whether whole numbers rise from row to row, as counters do."""
    return len(values) >= ENOUGH and bool(
        (values[1:64] > values[:63][: len(values[1:64])]).all() and (np.diff(values) > 0).all()
    )


def _alike(columns: Cells, count: int) -> tuple[list[tuple[str, ...]], int]:
    """Return the columns that are the same, and how many rows repeat an earlier one."""
    groups = defaultdict(list)
    rows = np.zeros(count, np.uint64)
    for name, hashes in _hashed(columns, count):
        groups[hash(hashes.tobytes())].append(name)
        rows = rows * np.uint64(1_000_003) + hashes
    same = (_equal(columns, group) for group in groups.values() if len(group) > 1)
    return [names for names in same if len(names) > 1], len(rows) - len(pd.unique(rows))


def _hashed(columns: Cells, rows: int) -> Iterator[tuple[str, Any]]:
    """Yield each column's name and the hashes of its cells: of many short columns at once."""
    at_once = max(1, AT_ONCE // rows)
    for _, names in groupby(columns, key=lambda name: columns[name].dtype):
        for part in _batched(names, at_once):
            cells = np.concatenate([_hashable(columns[name]) for name in part])
            hashes = pd.util.hash_array(cells).reshape(len(part), rows)
            yield from zip(part, hashes, strict=True)


def _batched(names: Iterator[str], size: int) -> Iterator[list[str]]:
    while part := [*islice(names, size)]:
        yield part


def _hashable(values: Any) -> Any:
    return values.astype(object).to_numpy() if isinstance(values, pd.Series) else values


def _equal(columns: Cells, group: list[str]) -> tuple[str, ...]:
    """Return the names of those columns that equal the first, missing cells included."""
    first = pd.Series(columns[group[0]])
    return tuple(name for name in group if pd.Series(columns[name]).equals(first))
