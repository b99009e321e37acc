"""Facts about the columns of a table, and guesses at the role of each column."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from aeexp.data.io.reader import increases

SHORT = 100  # up to this length, a set counts distinct numbers faster than pandas
AT_ONCE = 2**20  # cells hashed in one call
CLASSES = 20  # most distinct values of a label or of a categorical column
NAMES_ID = re.compile(r"(?i)(.*[_ .-])?(id|index|key|name|barcode|accession|sample|x1)")
NAMES_LABEL = re.compile(
    r"(?i).*(class|label|target|species|type|group|cultivar|diagnosis|categor|condition|cluster"
    r"|treatment|region|stage).*"
)


@dataclass(frozen=True)
class Column:
    """Facts about a column.

    low, high: the range of its finite numbers. infinite: the number of its infinite numbers.
    examples: some of its texts. increases: whether its integers increase from row to row. index:
    whether the file declares it as row names. annotation: whether the file declares that it is no
    measurement.
    """

    name: str
    type: str
    rows: int
    missing: int
    distinct: int
    low: float | None = None
    high: float | None = None
    infinite: int = 0
    examples: tuple[str, ...] = ()
    increases: bool = False
    index: bool = False
    annotation: bool = False

    @property
    def is_text(self) -> bool:
        """Return whether it is not numeric."""
        return self.type == "text"

    @property
    def is_discrete(self) -> bool:
        """Return whether its values are texts or integers."""
        return self.is_text or self.type == "int64"

    @property
    def is_constant(self) -> bool:
        """Return whether all rows have the same value."""
        return self.distinct <= 1

    @property
    def is_id(self) -> bool:
        """Return whether it probably identifies rows: unique texts, or a count of rows."""
        has_id_name = self.type == "int64" and NAMES_ID.fullmatch(self.name) is not None
        unique = self.rows > 1 and self.distinct == self.rows
        return self.index or (unique and (self.is_text or self.increases or has_id_name))

    @property
    def is_category(self) -> bool:
        """Return whether rows share a few values."""
        return 2 <= self.distinct <= min(CLASSES, self.rows // 2)

    @property
    def is_label(self) -> bool:
        """Return whether it probably holds the classes of the rows."""
        has_label_name = self.type == "int64" and NAMES_LABEL.fullmatch(self.name) is not None
        return self.is_category and (self.is_text or has_label_name)


@dataclass(frozen=True)
class Profile:
    """The columns of a table, groups of identical columns, and the number of repeated rows."""

    columns: tuple[Column, ...]
    same: tuple[tuple[str, ...], ...]
    repeated: int


Cells = Mapping[str, Any]
"""The columns of a table by name: a NumPy array of numbers, or a pandas series of text."""


def profile(
    columns: Cells, rows: int, index: Sequence[str] = (), annotations: Sequence[str] = ()
) -> Profile:
    """Return facts about a table.

    index: the columns that the file declares as row names. annotations: the columns that it
    declares to be no measurements.
    """
    described = tuple(
        replace(_column(name, cells, name in index), annotation=name in annotations)
        for name, cells in columns.items()
    )
    groups = defaultdict(list)
    row_hashes = np.zeros(rows, np.uint64)
    for name, hashes in _hashed(columns, rows):
        groups[hash(hashes.tobytes())].append(name)
        row_hashes = row_hashes * np.uint64(1_000_003) + hashes
    same = (_equal(columns, group) for group in groups.values() if len(group) > 1)
    repeated = rows - len(pd.unique(row_hashes))
    return Profile(described, tuple(names for names in same if len(names) > 1), repeated)


def _column(name: str, cells: Any, index: bool) -> Column:
    if isinstance(cells, pd.Series):
        return Column(
            name=name,
            type="text",
            rows=len(cells),
            missing=int(cells.isna().sum()),
            distinct=int(cells.nunique()),
            examples=tuple(cells.dropna().iloc[:1000].unique()[:3]),
            index=index,
        )
    is_integer = cells.dtype == np.int64
    present = cells if is_integer else cells[~np.isnan(cells)]
    finite = present if is_integer else present[np.isfinite(present)]
    return Column(
        name=name,
        type=_type_name(cells.dtype),
        rows=len(cells),
        missing=len(cells) - len(present),
        distinct=len(set(present.tolist()) if len(present) <= SHORT else pd.unique(present)),
        low=finite.min().item() if finite.size else None,
        high=finite.max().item() if finite.size else None,
        infinite=len(present) - len(finite),
        increases=increases(cells),
        index=index,
    )


_type_name = cache(str)  # NumPy takes 10 µs for each name, which adds up over many columns


def _hashed(columns: Cells, rows: int) -> Iterator[tuple[str, Any]]:
    """Yield the name and the cell hashes of each column, many short columns in one call."""
    size = max(1, AT_ONCE // rows)
    for _, group in groupby(columns, key=lambda name: columns[name].dtype):
        names = list(group)
        for start in range(0, len(names), size):
            part = names[start : start + size]
            cells = [columns[name] for name in part]
            arrays = [
                c.astype(object).to_numpy() if isinstance(c, pd.Series) else c for c in cells
            ]
            hashes = pd.util.hash_array(np.concatenate(arrays)).reshape(len(part), rows)
            yield from zip(part, hashes, strict=True)


def _equal(columns: Cells, group: list[str]) -> tuple[str, ...]:
    """Return the names of the columns that equal the first, including its missing cells."""
    first = pd.Series(columns[group[0]])
    return tuple(name for name in group if pd.Series(columns[name]).equals(first))
