"""The covariates of a user's table: how each column is read, and errors in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import BatchCorrection, Table
from aeexp.data.effects import Covariates
from aeexp.data.features import Column, encode, is_numeric, words
from aeexp.data.na import numbers_as_text
from aeexp.data.table.values import make_numeric
from aeexp.errors import UserError
from aeexp.text import counted, few, listed

if TYPE_CHECKING:
    import pandas as pd

    from aeexp.data.io.table_source import Remedy

WHOLE = re.compile(r"^([+-]?[0-9]+)\.0+$")
MOST_CATEGORIES = 100
"""Categories of a covariate; more of them probably name the rows."""
MOST_INTEGERS, FEWEST_ROWS = 20, 5
"""Integers are categories if they have at most so many values, each in at least so many rows."""


def removed_columns(spec: Table, covariates: Sequence[str]) -> dict[str, str]:
    """Return the key of each column whose effect is removed, the batch first.

    covariates: the columns that `dataset.covariates` names.
    """
    keys = dict.fromkeys(covariates, "dataset.covariates")
    if spec.batch is not None and spec.batch_correction is not BatchCorrection.none:
        keys = {spec.batch: "dataset.batch"} | keys
    return keys


def stated_covariates(
    spec: Table, frame: pd.DataFrame, keys: dict[str, str], labels: Sequence[str]
) -> Covariates | None:
    """Return the columns whose effects are removed, None if there are none.

    keys: see `removed_columns`. labels: the columns of `dataset.label`.

    Raises:
        UserError: A cell is empty or infinite, a column has too many categories, or is a label.
    """
    for name, key in keys.items():
        _check(frame[name], f"{key}={name}")
        if name in labels and name != spec.batch:
            raise UserError(
                f"{key}={name} is also a label: what is removed from the features cannot be found"
                " in them. Remove it from dataset.covariates or from dataset.label."
            )
    if not keys:
        return None
    columns = [_column(frame[name], f"{key}={name}", spec) for name, key in keys.items()]
    texts = {c.name: categories_of(frame[c.name]) for c in columns if c.categories}
    frame = frame.assign(**texts)
    corrects_scale = spec.batch_correction is BatchCorrection.mean_and_scale
    batch = spec.batch if corrects_scale and spec.batch is not None else ""
    return Covariates(tuple(columns), encode(columns, frame).astype(np.float64), batch)


def describe(covariates: Covariates) -> str:
    """Return a note on how covariates are read."""
    read = [
        f"{column.name} ({counted(len(column.categories), 'category', 'categories')})"
        if column.categories
        else f"{column.name} (a slope)"
        for column in covariates.columns
    ]
    return f"the effects of {listed(read)} are removed from the features by least squares"


def _check(values: pd.Series[Any], name: str) -> None:
    if empty := int(values.isna().sum()):
        raise UserError(
            f"{name}: {counted(empty, 'cell')} empty, so that the effect cannot be removed from"
            f" {'this row' if empty == 1 else 'these rows'}. Fill in what is missing, or set"
            " dataset.missing=drop_rows."
        )
    if is_numeric(values) and not np.isfinite(values.to_numpy(float)).all():
        raise UserError(f"{name} has infinite cells. Correct them, or leave the rows out.")


def _column(values: pd.Series[Any], name: str, spec: Table) -> Column:
    if values.name != spec.batch and is_numeric(values) and not _are_codes(values):
        return Column(str(values.name))
    categories = sorted({*categories_of(values)})
    if len(categories) > MOST_CATEGORIES:
        raise UserError(
            f"{name} has {len(categories):,} categories, more than {MOST_CATEGORIES}: it probably"
            f" names the rows. The first are {few(categories, 5)}. Name another column."
        )
    return Column(str(values.name), categories=tuple(categories))


def categories_of(values: pd.Series[Any]) -> NDArray[np.object_]:
    """Return cells as names of categories, each by itself: (rows,).

    Without blanks around them, and numbers such as 1.0 as integers.
    """
    return np.array([WHOLE.sub(r"\1", text.strip()) for text in words(values)], object)


def covariates_as_numbers(
    spec: Table, remedies: Mapping[str, Remedy], frame: pd.DataFrame, names: Iterable[str]
) -> pd.DataFrame:
    """Return a table in which covariates that have only numbers are numbers.

    remedies: what makes text columns numeric.

    Raises:
        UserError: A column of many numbers has words among them, which would be categories.
    """
    numbers = numbers_as_text(frame, names)
    mixed = {
        name: remedies[name]
        for name in names
        if name not in numbers and name in remedies and frame[name].nunique() > MOST_INTEGERS
    }
    if mixed:
        raise UserError(
            f"{few([*mixed])}: covariates of numbers with words among them."
            f" {make_numeric(spec, mixed)}"
        )
    return frame.assign(**numbers)


def _are_codes(values: pd.Series[Any]) -> bool:
    """Return whether numbers are codes of categories, such as 1 and 2 for sites."""
    counts = values.value_counts()
    are_integers = (counts.index.to_numpy(float) % 1 == 0).all()
    return bool(are_integers and len(counts) <= MOST_INTEGERS and counts.min() >= FEWEST_ROWS)
