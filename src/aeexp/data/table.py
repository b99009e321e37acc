"""A user's table: which of its columns become features, labels and names of rows.

pandas and PyArrow are imported only when there is such a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aeexp.config.spec import Categorical, Missing, Table
from aeexp.config.verb import verb
from aeexp.data.codes import Code, find_codes
from aeexp.data.dataset import Classes, Dataset, Labels, Values, load
from aeexp.data.effects import fit
from aeexp.data.features import Column, encode, example, features, is_numeric, words
from aeexp.data.na import NONE, numbers_as_text, without_na
from aeexp.data.oddities import number_notes
from aeexp.data.table_covariates import describe, removed_columns, stated_covariates, with_numbers
from aeexp.data.table_design import WORDS_OF_TIME, possible_groups, stated_design
from aeexp.data.table_gaps import complete_rows
from aeexp.data.table_layout import lay_out
from aeexp.data.table_values import code_note, declared_note, make_numeric
from aeexp.errors import UserError
from aeexp.text import few

if TYPE_CHECKING:
    import pandas as pd

    from aeexp.data.io import Sheet

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


@load.register
def _(spec: Table) -> Dataset:
    return load_table(spec, aside=None)


@verb
def sheet(spec: Table) -> Sheet:
    """Return the columns of a table."""
    from aeexp.data.io import read  # noqa: PLC0415  (imports pandas)

    if not spec.path:
        raise UserError(
            "dataset.path is missing. Name the file of your table: dataset.path=data.csv."
        )
    return read(Path(spec.path), spec)


def load_table(spec: Table, aside: str | None) -> Dataset:
    """Return the table of a spec.

    aside: the column that has the part of the split (train, val, test); it is not a feature.

    Raises:
        UserError: The table cannot be read, or its columns do not fit the spec.
    """
    import pyarrow as pa  # noqa: PLC0415

    from aeexp.data.io import counters  # noqa: PLC0415

    table = sheet(spec)
    pa.default_memory_pool().release_unused()  # after reading, Arrow keeps freed memory
    layout = lay_out(spec, table)
    spec, frame, notes = layout.spec, layout.frame, list(layout.notes)
    labels = _matching(frame, "label", spec.label)
    beside = _columns_beside(spec, aside)
    covariates = _matching(frame, "covariates", spec.covariates)
    removed = removed_columns(spec, covariates)
    used = {*beside.values(), *labels, *covariates, *_matching(frame, "columns", spec.columns)}
    if index := [name for name in table.index if name not in used]:
        if not (spec.transpose or spec.pivot):
            notes.append(f"{few(index)}: the index in the file, used as names of the rows")
        frame = frame.set_index(index)
    frame = _sampled(spec, frame)

    frame, declared = without_na(frame, frame.columns.difference([*beside.values()]), spec.na)
    chosen, empty = _chosen(spec, frame, beside, layout.own, table.annotations)
    if empty:
        notes.append(f"columns without a cell are left out: {few(empty)}")
    if spec.categorical is Categorical.error and (texts := numbers_as_text(frame, chosen)):
        notes.append(f"text with only numbers is read as numbers: {few([*texts])}")
        frame = frame.assign(**texts)
    text = _text_columns(spec, table, frame, chosen)
    frame = with_numbers(spec, table.remedies, frame, removed)
    codes, of_labels = _codes(spec, frame, [*chosen, *removed], labels)
    before = frame
    complete = [*chosen, *removed] if spec.missing is Missing.drop_rows else chosen
    frame, changes = complete_rows(spec, frame, complete)
    adjusted = stated_covariates(spec, frame, removed, labels)
    logarithms = _logarithms(spec, frame, set(chosen) - set(text))
    columns = [_column(frame[name], log1p=name in logarithms) for name in chosen]
    x = encode(columns, frame)
    notes = [*map(code_note, [*codes, *of_labels]), *notes, *declared_note(declared)]
    notes += [*changes, *counters({name: frame[name].to_numpy() for name in chosen})]
    rows = _rows(spec, frame)
    notes += number_notes(x, columns, rows)
    notes += _copies(frame[chosen])
    notes += possible_groups(spec, frame, labels, unused=frame.columns.difference(chosen))
    if spec.batch is not None:
        labels = [*(name for name in labels if name != spec.batch), spec.batch]
    several = tuple(_label(frame[name]) for name in labels)
    remaining = x
    if adjusted:
        notes.append(describe(adjusted))
        remaining = fit(x, adjusted).removed(x, adjusted.values)
    return Dataset(
        name=Path(spec.path).stem,
        x=x,
        features=_features(columns),
        rows=rows,
        labels=several,
        missing=spec.missing,
        origin=tuple(columns),
        part=None if aside is None else _parts(frame[aside]),
        notes=tuple(notes),
        design=stated_design(spec, before, frame, remaining, several),
        batch=spec.batch,
        covariates=adjusted,
        codes=tuple(code.text for code in codes if code.is_missing),
    )


def _columns_beside(spec: Table, aside: str | None) -> dict[str, str | None]:
    """Return the columns that are no features, by the key that names them."""
    return {
        "dataset.id": spec.id,
        "split.column": aside,
        "dataset.time": None if spec.time in WORDS_OF_TIME else spec.time,
        "dataset.group": spec.group,
        "dataset.batch": spec.batch,
    }


def _copies(frame: pd.DataFrame) -> Iterator[str]:
    """Yield a note on rows that are equal in the columns to learn from."""
    import pandas as pd  # noqa: PLC0415

    hashes = pd.util.hash_pandas_object(frame, index=False)
    if copies := int(hashes.duplicated().sum()):
        yield (
            f"{copies:,} of {len(frame):,} rows are copies of another row: if one is trained on"
            " and the other is held out, the held-out error is too low"
        )


def _codes(
    spec: Table, frame: pd.DataFrame, names: Sequence[str], labels: Sequence[str]
) -> tuple[Sequence[Code], Sequence[Code]]:
    """Return the codes for missing values in columns, and those in labels of many numbers.

    Codes in labels do not change what is learnt.
    """
    if NONE in spec.na:
        return (), ()
    columns, others = (
        {name: frame[name] for name in several if is_numeric(frame[name])}
        for several in (names, labels)
    )
    many = {name: v for name, v in others.items() if v.nunique() > MOST_INTEGERS}
    return find_codes(columns), find_codes(many)


def _sampled(spec: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a random subset of the rows, in their order, if the spec asks for one."""
    if spec.sample is None or spec.sample >= len(frame):
        return frame
    rng = np.random.default_rng(spec.seed)
    return frame.iloc[np.sort(rng.choice(len(frame), spec.sample, replace=False))]


# Choice of columns


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


def _chosen(
    spec: Table,
    frame: pd.DataFrame,
    beside: Mapping[str, str | None],
    own: Sequence[str],
    annotations: Sequence[str],
) -> tuple[list[str], list[str]]:
    """Return the columns to learn from, in the table's order, and those that have no cell.

    beside: columns that are no features, by the key that names them. own: the columns of the file.
    annotations: columns that are features only if dataset.columns names them.
    """
    for key, name in beside.items():
        if name is not None and name not in frame:
            raise _unknown(frame, key, name)
    excluded = {*beside.values(), *_matching(frame, "label", spec.label)}
    excluded |= {
        *_matching(frame, "drop", spec.drop),
        *_matching(frame, "covariates", spec.covariates),
    }
    wanted = {*(_matching(frame, "columns", spec.columns) or {*own} - {*annotations})}
    if added := [name for name in spec.columns if name in wanted - {*own}]:
        raise UserError(
            f"dataset.columns={added[0]}: a column of dataset.metadata cannot be learnt from, as"
            " new rows do not have it. Add it to the table, or remove it from dataset.columns."
        )
    included = (wanted & {*own}) - excluded
    chosen = [
        name
        for name in frame
        if name in included
        and (spec.categorical is not Categorical.drop or is_numeric(frame[name]))
    ]
    without_cell = {*chosen} & {*frame.columns[frame.isna().all()]}
    empty = [name for name in chosen if name in without_cell - {*spec.columns}]
    chosen = [name for name in chosen if name not in empty]
    if not chosen:
        raise UserError(
            f"{spec.path} has no column left to learn from. Change dataset.columns or"
            " dataset.drop."
        )
    return chosen, empty


def _matching(frame: pd.DataFrame, key: str, names: Sequence[str]) -> list[str]:
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


def _logarithms(spec: Table, frame: pd.DataFrame, numeric: set[str]) -> set[str]:
    """Return the columns to take the logarithm of."""
    if unused := [name for name in spec.log1p if name in frame and name not in numeric]:
        raise UserError(f"dataset.log1p={unused[0]} must be a numeric column to learn from.")
    return {*_matching(frame, "log1p", spec.log1p)} & numeric


# Conversion of columns


def _column(values: pd.Series[Any], *, log1p: bool) -> Column:
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


def _features(columns: Sequence[Column]) -> tuple[str, ...]:
    names = features(columns)
    [(name, count)] = Counter(names).most_common(1)
    if count > 1:
        raise UserError(f"Several columns become the feature {name}. Rename one of them.")
    return names


def _rows(spec: Table, frame: pd.DataFrame) -> Sequence[str] | range:
    """Return the names of the rows; by default, their numbers in the file."""
    import pandas as pd  # noqa: PLC0415

    if spec.id is not None:
        return tuple(words(frame[spec.id]))
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return range(index.start, index.stop, index.step)
    return tuple(map(str, index))


def _label(values: pd.Series[Any]) -> Labels:
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


def _parts(values: pd.Series[Any]) -> list[str]:
    cells = values.astype(str).str.strip().str.lower()
    if unknown := [cell for cell in cells.unique() if cell not in PARTS]:
        raise UserError(
            f"split.column={values.name} must have train, val (or validation) or test in each row,"
            f" got {few(unknown)}."
        )
    return [PARTS[cell] for cell in cells]
