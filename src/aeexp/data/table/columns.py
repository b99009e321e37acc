"""What the columns of a user's table are: features, labels, or beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from aeexp.config.spec import Categorical, Table
from aeexp.data.features import example, is_numeric
from aeexp.data.na import numbers_as_text
from aeexp.data.table.convert import MOST_INTEGERS
from aeexp.data.table.covariates import covariates_as_numbers, removed_columns
from aeexp.data.table.design import WORDS_OF_TIME
from aeexp.data.table.values import make_numeric
from aeexp.errors import UserError
from aeexp.text import few

if TYPE_CHECKING:
    import pandas as pd

    from aeexp.data.io import Sheet


@dataclass(frozen=True)
class Roles:
    """Columns that the spec names, other than features.

    labels: of dataset.label. beside: columns that are no features, by the key that names them.
    removed: the key of each column whose effect is removed. wanted: of dataset.columns.
    """

    labels: list[str]
    beside: dict[str, str]
    removed: dict[str, str]
    covariates: list[str]
    wanted: list[str]

    @property
    def named(self) -> set[str]:
        """Return the names of all these columns."""
        return {*self.beside.values(), *self.labels, *self.covariates, *self.wanted}


def roles_of(spec: Table, frame: pd.DataFrame, aside: str | None) -> Roles:
    """Return the columns that a spec names.

    aside: the column that has the part of the split.

    Raises:
        UserError: A label, covariate or feature is no column.
    """
    beside = {
        "dataset.id": spec.id,
        "split.column": aside,
        "dataset.time": None if spec.time in WORDS_OF_TIME else spec.time,
        "dataset.group": spec.group,
        "dataset.batch": spec.batch,
    }
    labels = matching(frame, "label", spec.label)
    covariates = matching(frame, "covariates", spec.covariates)
    return Roles(
        labels=labels,
        beside={key: name for key, name in beside.items() if name is not None},
        removed=removed_columns(spec, covariates),
        covariates=covariates,
        wanted=matching(frame, "columns", spec.columns),
    )


@dataclass(frozen=True)
class Features:
    """The columns to learn from.

    frame: the table, in which columns of numbers that were stored as text are numeric. names: the
    columns to learn from, in the table's order. logarithms: those to take the logarithm of.
    """

    frame: pd.DataFrame
    names: list[str]
    logarithms: set[str]
    notes: list[str]


def choose_features(
    spec: Table, table: Sheet, frame: pd.DataFrame, roles: Roles, own: Sequence[str]
) -> Features:
    """Return the columns to learn from, as numbers where they have only numbers.

    table: as it was read. frame: its rows to learn from. own: the columns of the file; the others
    are from dataset.metadata.

    Raises:
        UserError: A column does not exist or cannot be learnt from, or none is left.
    """
    names, empty = _named(spec, frame, roles, own, table.annotations)
    notes = [f"columns without a cell are left out: {few(empty)}"] if empty else []
    if spec.categorical is Categorical.error and (texts := numbers_as_text(frame, names)):
        notes.append(f"text with only numbers is read as numbers: {few([*texts])}")
        frame = frame.assign(**texts)
    numeric = {*names} - {*_text_columns(spec, table, frame, names)}
    if unused := [name for name in spec.log1p if name in frame and name not in numeric]:
        raise UserError(f"dataset.log1p={unused[0]} must be a numeric column to learn from.")
    logarithms = {*matching(frame, "log1p", spec.log1p)} & numeric
    frame = covariates_as_numbers(spec, table.remedies, frame, roles.removed)
    return Features(frame, names, logarithms, notes)


def _named(
    spec: Table, frame: pd.DataFrame, roles: Roles, own: Sequence[str], annotations: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the columns to learn from, in the table's order, and those that have no cell.

    annotations: columns that are features only if dataset.columns names them.
    """
    for key, name in roles.beside.items():
        if name not in frame:
            raise _unknown(frame, key, name)
    excluded = {*roles.beside.values(), *roles.labels, *roles.covariates}
    excluded |= {*matching(frame, "drop", spec.drop)}
    wanted = {*(roles.wanted or {*own} - {*annotations})}
    if added := [name for name in spec.columns if name in wanted - {*own}]:
        raise UserError(
            f"dataset.columns={added[0]}: a column of dataset.metadata cannot be learnt from, as"
            " new rows do not have it. Add it to the table, or remove it from dataset.columns."
        )
    included = (wanted & {*own}) - excluded
    only_numbers = spec.categorical is Categorical.drop
    candidates = [
        name
        for name in frame
        if name in included and (not only_numbers or is_numeric(frame[name]))
    ]
    without_cell = {*frame.columns[frame.isna().all()]} - {*spec.columns}
    empty = [name for name in candidates if name in without_cell]
    names = [name for name in candidates if name not in without_cell]
    if not names:
        raise UserError(
            f"{spec.path} has no column left to learn from. Change dataset.columns or"
            " dataset.drop."
        )
    return names, empty


def _text_columns(
    spec: Table, table: Sheet, frame: pd.DataFrame, chosen: Sequence[str]
) -> list[str]:
    """Return the columns to learn from that are text.

    Raises:
        UserError: There are some, and the spec does not say what to do with them.
    """
    text = [name for name in chosen if not is_numeric(frame[name])]
    mixed = {name: table.remedies[name] for name in text if name in table.remedies}
    if text and spec.categorical is Categorical.error:
        reasons = [table.texts.get(n, f"column '{n}' has {example(table.frame[n])}") for n in text]
        numeric = f"{make_numeric(spec, mixed)} Otherwise use" if mixed else "Use"
        raise UserError(
            f"{spec.path}: columns are not numeric: {few(reasons, separator='; ')}. {numeric} them"
            " as dataset.label or dataset.id, exclude them with dataset.drop, or set"
            " dataset.categorical=onehot or drop."
        )
    for name, remedy in mixed.items():
        if table.frame[name].nunique() > MOST_INTEGERS:
            raise UserError(
                f"{spec.path}: {table.texts[name]}. It has mostly numbers, which are no"
                f" categories. {make_numeric(spec, {name: remedy})}"
            )
    return text


def matching(frame: pd.DataFrame, key: str, names: Sequence[str]) -> list[str]:
    """Return the columns that names or patterns match."""
    matching: list[str] = []
    for name in names:
        matched = [name] if name in frame else [c for c in frame if fnmatchcase(c, name)]
        if not matched:
            raise _unknown(frame, f"dataset.{key}", name)
        matching += matched
    return list(dict.fromkeys(matching))


def _unknown(frame: pd.DataFrame, key: str, name: str) -> UserError:
    return UserError(f"{key}={name}: no such column. The columns are {few([*frame.columns], 10)}.")
