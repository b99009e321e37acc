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

from aeexp.config.spec import Categorical, Infinite, Missing, Table
from aeexp.config.verb import verb
from aeexp.data.dataset import Classes, Dataset, Floats, Integers, Labels, Values, load
from aeexp.data.design import Design, in_time, numbered, order_of
from aeexp.data.features import Column, encode, features, words
from aeexp.errors import UserError
from aeexp.text import counted, few, short

if TYPE_CHECKING:
    import pandas as pd

    from aeexp.data.io import Sheet

FILLED_BY = {
    Missing.mean: "the mean of the training rows",
    Missing.median: "the median of the training rows",
    Missing.knn: "the 5 nearest training rows that have the value",
}
MOST_CATEGORIES = 100  # of a column that is encoded as one feature for each category
MOST_INTEGERS = 20  # distinct integers of a label that are taken as classes, not as values
WORDS_OF_TIME = "rows", "none"
"""Values of dataset.time that name no column: the order in the file, and no order."""
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
"""The cells of a column of the split that mean training rows and held-out rows."""


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
    import pandas as pd  # noqa: PLC0415  (only for a user's table)
    import pyarrow as pa  # noqa: PLC0415

    table = sheet(spec)
    pa.default_memory_pool().release_unused()  # after reading, Arrow keeps freed memory
    frame = table.frame
    labels = _matching(frame, "label", spec.label)
    beside = {
        "dataset.id": spec.id,
        "split.column": aside,
        "dataset.time": None if spec.time in WORDS_OF_TIME else spec.time,
        "dataset.group": spec.group,
        "dataset.batch": spec.batch,
    }
    used = {*beside.values(), *labels, *_matching(frame, "columns", spec.columns)}
    notes = list(table.notes)
    if index := [name for name in table.index if name not in used]:
        notes.append(f"{few(index)}: the index of a pandas data frame, used as names of the rows")
        frame = frame.set_index(index)
    if spec.sample is not None and spec.sample < len(frame):
        rng = np.random.default_rng(spec.seed)
        frame = frame.iloc[np.sort(rng.choice(len(frame), spec.sample, replace=False))]

    chosen = _chosen(spec, frame, beside)
    text = [name for name in chosen if not _is_numeric(frame[name])]
    if text and spec.categorical is Categorical.error:
        reasons = [
            table.texts.get(n, f"column '{n}' has {_example(table.frame[n])}") for n in text
        ]
        raise UserError(
            f"{spec.path}: columns are not numeric: {few(reasons, separator='; ')}. Use them as"
            " dataset.label or dataset.id, exclude them with dataset.drop, or set"
            " dataset.categorical=onehot or drop."
        )
    frame, changes = _cleaned(spec, frame, chosen)
    logarithms = _logarithms(spec, frame, set(chosen) - set(text))
    columns = [_column(frame[name], log1p=name in logarithms) for name in chosen]
    x = encode(columns, frame)
    notes += changes
    hashes = pd.util.hash_pandas_object(frame[chosen], index=False)
    if copies := int(hashes.duplicated().sum()):
        notes.append(
            f"{copies:,} of {len(frame):,} rows are copies of another row: if one is trained on"
            " and the other is held out, the held-out error is too low"
        )
    notes += _repeats(spec, frame, {*chosen, *labels})
    if spec.batch is not None:
        labels = [*(name for name in labels if name != spec.batch), spec.batch]
    several = tuple(_label(frame[name]) for name in labels)
    return Dataset(
        name=Path(spec.path).stem,
        x=x,
        features=_features(columns),
        rows=_rows(spec, frame),
        labels=several,
        missing=spec.missing,
        origin=tuple(columns),
        part=None if aside is None else _parts(frame[aside]),
        notes=tuple(notes),
        design=_design(spec, frame, x, several),
        batch=spec.batch,
    )


# Choice of columns


def _chosen(spec: Table, frame: pd.DataFrame, beside: Mapping[str, str | None]) -> list[str]:
    """Return the columns to learn from, in the table's order.

    beside: columns that are no features, by the key that names them.
    """
    for key, name in beside.items():
        if name is not None and name not in frame:
            raise _unknown(frame, key, name)
    excluded = {*beside.values(), *_matching(frame, "label", spec.label)}
    excluded |= {*_matching(frame, "drop", spec.drop)}
    included = {*(_matching(frame, "columns", spec.columns) if spec.columns else frame)} - excluded
    chosen = [
        name
        for name in frame
        if name in included
        and (spec.categorical is not Categorical.drop or _is_numeric(frame[name]))
    ]
    if not chosen:
        raise UserError(
            f"{spec.path} has no column left to learn from. Change dataset.columns or"
            " dataset.drop."
        )
    return chosen


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


# Missing cells


def _cleaned(
    spec: Table, frame: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows to learn from, without infinite cells, and notes on the changes.

    names: the columns to learn from.

    Raises:
        UserError: Cells are missing or infinite, and the spec does not allow them.
    """
    frame, notes = _without_infinities(spec, frame, names)
    gaps = frame[[*names]].isna()
    counts = gaps.sum()
    if not counts.any():
        return frame, notes
    missing = f"{int(counts.sum()):,} of {gaps.size:,} cells are missing"
    match spec.missing:
        case Missing.error:
            columns = [
                f"{short(str(name))} ({count:,})" for name, count in counts[counts > 0].items()
            ]
            rows = gaps.index[gaps.any(axis=1)][:5]
            numbered = rows.dtype.kind == "i"
            first = ", ".join(str(row + 1) if numbered else short(str(row)) for row in rows)
            raise UserError(
                f"{spec.path}: {missing}, in {few(columns, more='more columns')}; the first are in"
                f" the data rows {first}. Set dataset.missing=drop_rows, mean, median or knn, or"
                " exclude columns with dataset.drop."
            )
        case Missing.drop_rows:
            complete = ~gaps.any(axis=1)
            dropped = int((~complete).sum())
            notes.append(f"{missing}: {dropped:,} of {len(frame):,} rows are dropped")
            frame = frame[complete]
        case filled:
            notes.append(f"{missing}: filled by {FILLED_BY[filled]}")
    return frame, notes


def _without_infinities(
    spec: Table, frame: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    floats = [name for name in names if frame[name].dtype.kind == "f"]
    counts = {name: int(np.isinf(frame[name].to_numpy(float)).sum()) for name in floats}
    infinite = {name: count for name, count in counts.items() if count}
    if not infinite:
        return frame, []
    if spec.infinite is Infinite.missing:
        frame = frame.assign(
            **{name: frame[name].replace([np.inf, -np.inf], np.nan) for name in infinite}
        )
        return frame, [f"{sum(infinite.values()):,} infinite cells are taken as missing"]
    columns = few([f"{name} ({count:,})" for name, count in infinite.items()], more="more columns")
    raise UserError(f"{spec.path}: infinite cells in {columns}. Set dataset.infinite=missing.")


# Conversion of columns


def _is_numeric(values: pd.Series[Any]) -> bool:
    return values.dtype.kind in "iufb"


def _example(values: pd.Series[Any]) -> str:
    present = values.dropna()
    return repr(str(present.iloc[0]))[:40] if len(present) else "no cells"


def _column(values: pd.Series[Any], *, log1p: bool) -> Column:
    name = str(values.name)
    if _is_numeric(values):
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
    if _is_numeric(values):
        distinct = np.asarray(values.dropna().unique(), float)
        if len(distinct) > MOST_INTEGERS or np.any(distinct % 1 != 0):
            return Values(name, values.to_numpy(np.float64, na_value=np.nan))
    text = words(values)
    names = sorted({*text} - {""})
    codes = {"": -1} | {class_name: code for code, class_name in enumerate(names)}
    return Classes(name, np.array([codes[cell] for cell in text]), tuple(names), f"no {name}")


# The design


def _design(spec: Table, frame: pd.DataFrame, x: Floats, labels: Sequence[Labels]) -> Design:
    """Return which rows depend on one another, and whether they look ordered if it is not stated.

    Rows that are sorted by the classes of the first label do not count as ordered.
    """
    groups = None if spec.group is None else _groups(frame[spec.group])
    if spec.time is None:
        known = groups
        if known is None and labels and isinstance(labels[0], Classes):
            known = labels[0].codes
        looks_ordered = order_of(x, known)
        return Design(None, groups, "", spec.group or "", looks_ordered=looks_ordered)
    time = None
    if spec.time != "none":
        time = np.arange(len(frame)) if spec.time == "rows" else _time(frame[spec.time])
    design = Design(time, groups, spec.time, spec.group or "")
    return design if time is None else in_time(design, x)


def _repeats(spec: Table, frame: pd.DataFrame, used: set[str]) -> Iterator[str]:
    """Yield notes on columns that may group the rows, if the table has no groups.

    These are a column of row names that repeat, and unused columns of which each value has several
    rows and one class of a label, such as the animals of a genotype.
    """
    if spec.group is not None:
        return
    if spec.id is not None and (repeated := int(frame[spec.id].duplicated().sum())):
        yield (
            f"dataset.id={spec.id}: {repeated:,} of {len(frame):,} rows repeat the name of another"
            f" row; if rows of a name belong together, set dataset.group={spec.id}"
        )
    for label in _matching(frame, "label", spec.label):
        classes = frame[label].nunique()
        for name in frame.columns.difference([*used, label])[:MOST_CATEGORIES]:
            values = frame[name]
            if not 2 <= classes < values.nunique() <= len(frame) / 2:
                continue
            if frame.groupby(values)[label].nunique().max() == 1:
                yield (
                    f"{label} has one value in each {name}: if rows of {name} are not independent,"
                    f" set dataset.group={name}"
                )


def _groups(values: pd.Series[Any]) -> Integers:
    text = words(values)
    if empty := int((text == "").sum()):
        raise UserError(
            f"dataset.group={values.name}: {counted(empty, 'cell')} empty. Name a column that has"
            " a group in each row."
        )
    return numbered(text.astype(str))


def _time(values: pd.Series[Any]) -> Integers:
    """Return the rank of each row in time; rows of equal time keep their order.

    Raises:
        UserError: A cell is empty, or is neither a number nor a date.
    """
    import pandas as pd  # noqa: PLC0415

    name = f"dataset.time={values.name}"
    if empty := int(values.isna().sum()):
        raise UserError(
            f"{name}: {counted(empty, 'cell')} empty. Name a column with a time in each row, or"
            " set dataset.time=rows for the order in the file."
        )
    if not _is_numeric(values):
        try:
            values = pd.to_datetime(values, format="ISO8601", utc=True)
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{name} must have numbers or dates such as 2024-01-31 or 2024-01-31T12:00, got"
                f" {_example(values)}. Set dataset.time=rows for the order in the file."
            ) from error
    order = np.argsort(values.to_numpy(), kind="stable")
    return np.argsort(order)


def _parts(values: pd.Series[Any]) -> list[str]:
    cells = values.astype(str).str.strip().str.lower()
    if unknown := [cell for cell in cells.unique() if cell not in PARTS]:
        raise UserError(
            f"split.column={values.name} must have train, val (or validation) or test in each row,"
            f" got {few(unknown)}."
        )
    return [PARTS[cell] for cell in cells]
