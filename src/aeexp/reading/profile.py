"""What the columns of a table look like: facts, and what one may suspect from them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aeexp.reading.cells import EXACT
from aeexp.reading.names import listed

ENOUGH = 10  # rows, below which whole numbers rise by chance
CLASSES = 20  # distinct values that labels may have, and text may be categories with
NAMES_ID = re.compile(r"(?i)(.*[_ .-])?(id|index|key|name|barcode|accession|sample|x1)")
NAMES_LABEL = re.compile(
    r"(?i).*(class|label|target|species|type|group|cultivar|diagnosis|categor|condition|cluster)"
    r".*"
)


@dataclass(frozen=True)
class Column:
    """One column. low, high: the range of its finite numbers; examples: of its texts."""

    name: str
    type: str
    rows: int
    missing: int
    distinct: int
    low: float | None
    high: float | None
    examples: tuple[str, ...]
    rises: bool

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
        return differ and (self.is_text or self.rises or named)

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


def profile(frame: pd.DataFrame) -> Profile:
    """Look at every column, and at every row, once."""
    columns = tuple(_column(str(name), values) for name, values in frame.items())
    same, repeated = _alike(frame)
    return Profile(columns, tuple(same), repeated)


def counters(frame: pd.DataFrame) -> list[str]:
    """Say which columns seem to number the rows."""
    rising = [name for name, values in _whole(frame) if _rises(values)]
    remedy = "if that is no measurement, say dataset.id=… or dataset.drop=[…]"
    return [f"numbers the rows, it seems: {listed(rising)} ({remedy})"] if rising else []


def too_large(frame: pd.DataFrame) -> list[str]:
    """Say which whole numbers double precision does not tell apart."""
    big = [name for name, v in _whole(frame) if max(-int(v.min()), int(v.max())) > EXACT]
    return [f"above 2^53, too large to be told apart in a model: {listed(big)}"] if big else []


def _whole(frame: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    for name, values in frame.items():
        if values.dtype == np.int64:
            yield str(name), values.to_numpy()


def _column(name: str, values: Any) -> Column:
    text = values.dtype.kind not in "iuf"
    array = None if text else values.to_numpy()
    finite = array[np.isfinite(array)] if array is not None else np.empty(0)
    return Column(
        name=name,
        type="text" if text else str(values.dtype),
        rows=len(values),
        missing=int(values.isna().sum()),
        distinct=int(values.nunique()),
        low=finite.min().item() if finite.size else None,
        high=finite.max().item() if finite.size else None,
        examples=tuple(values.dropna().iloc[:1000].unique()[:3]) if text else (),
        rises=array is not None and array.dtype == np.int64 and _rises(array),
    )


def _rises(values: Any) -> bool:
    """Tell whether whole numbers rise from row to row, as counters do."""
    return len(values) >= ENOUGH and bool(
        (values[1:64] > values[:63][: len(values[1:64])]).all() and (np.diff(values) > 0).all()
    )


def _hashable(values: Any) -> Any:
    return values.to_numpy() if values.dtype.kind in "iuf" else values.astype(object).to_numpy()


def _alike(frame: pd.DataFrame) -> tuple[list[tuple[str, ...]], int]:
    """Return the columns that are the same, and how many rows repeat an earlier one."""
    groups = defaultdict(list)
    rows = np.zeros(len(frame), np.uint64)
    for index, (_, values) in enumerate(frame.items()):
        hashes = pd.util.hash_array(_hashable(values))
        groups[hash(hashes.tobytes())].append(index)
        rows = rows * np.uint64(1_000_003) + hashes
    same = (_equal(frame, group) for group in groups.values() if len(group) > 1)
    return [names for names in same if len(names) > 1], len(rows) - len(pd.unique(rows))


def _equal(frame: pd.DataFrame, group: list[int]) -> tuple[str, ...]:
    """Return the names of those columns that equal the first, missing cells included."""
    first = frame.iloc[:, group[0]]
    alike = (index for index in group if frame.iloc[:, index].equals(first))
    return tuple(str(frame.columns[index]) for index in alike)
