"""Columns of a user's table as features, labels, names of rows and parts of the split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aeexp.config.spec import Table
from aeexp.data.dataset import Classes, Labels, Values
from aeexp.data.features import Column, features, is_numeric, words
from aeexp.errors import UserError
from aeexp.text import few

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 100  # of a column that is encoded as one feature for each category
MOST_INTEGERS = 20  # distinct integers of a label that are taken as classes, not as values
PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Part of the split by its names in a table."""


def column(values: pd.Series[Any], *, log1p: bool) -> Column:
    """Return how a column to learn from becomes features.

    Raises:
        UserError: It is text without a cell, or with too many categories.
    """
    name = str(values.name)
    if is_numeric(values):
        return Column(name, log1p=log1p)
    categories = sorted({*words(values)} - {""})
    if not categories:
        raise UserError(f"column {name} is empty. Exclude it with dataset.drop=[{name}].")
    if len(categories) > MOST_CATEGORIES:
        raise UserError(
            f"column {name} has {len(categories):,} categories, more than {MOST_CATEGORIES}."
            f" Exclude it with dataset.drop=[{name}], or use it as dataset.id."
        )
    return Column(name, categories=tuple(categories))


def feature_names(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the names of the features, which must differ."""
    names = features(columns)
    [(name, count)] = Counter(names).most_common(1)
    if count > 1:
        raise UserError(f"Several columns become the feature {name}. Rename one of them.")
    return names


def row_names(spec: Table, frame: pd.DataFrame) -> Sequence[str] | range:
    """Return the names of the rows; by default, their numbers in the file."""
    import pandas as pd  # noqa: PLC0415

    if spec.id is not None:
        return tuple(words(frame[spec.id]))
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return range(index.start, index.stop, index.step)
    return tuple(map(str, index))


def label(values: pd.Series[Any]) -> Labels:
    """Return a column as classes or, if it has more than a few different numbers, as values."""
    name = str(values.name)
    if values.isna().all():
        raise UserError(
            f"dataset.label={name}: the column is empty. Remove it from dataset.label."
        )
    if is_numeric(values):
        distinct = np.asarray(values.dropna().unique(), float)
        if len(distinct) > MOST_INTEGERS or np.any(distinct % 1 != 0):
            return Values(name, values.to_numpy(np.float64, na_value=np.nan))
    text = words(values)
    names = sorted({*text} - {""})
    codes = {"": -1} | {class_name: code for code, class_name in enumerate(names)}
    return Classes(name, np.array([codes[cell] for cell in text]), tuple(names), f"no {name}")


def parts(values: pd.Series[Any]) -> list[str]:
    """Return the part of the split of each row: train, val or test."""
    cells = values.astype(str).str.strip().str.lower()
    if unknown := [cell for cell in cells.unique() if cell not in PARTS]:
        raise UserError(
            f"split.column={values.name} must have train, val (or validation) or test in each row,"
            f" got {few(unknown)}."
        )
    return [PARTS[cell] for cell in cells]
