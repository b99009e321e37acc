"""A frame of columns -> Dataset: which columns are features, labels and names of rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from aeexp.config.spec import Categorical, Table
from aeexp.config.verb import verb
from aeexp.data.dataset import Classes, Dataset, Labels, Values
from aeexp.data.features import Column, encode, features, words
from aeexp.data.io import Sheet, read
from aeexp.data.missing import cleaned
from aeexp.errors import UserError
from aeexp.text import few

MOST_CATEGORIES = 100  # of a column that becomes a feature for each
MOST_CLASSES = 20  # distinct whole numbers that a label may have and still name classes
NAMED = 5  # columns named in a message
PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "val",
}
"""What a column of the split may say, and which part of it that is."""


def tabulate(spec: Table, aside: str | None) -> Dataset:
    """Return the table that a spec names; see `data.table.load_table`."""
    given = sheet(spec)
    pa.default_memory_pool().release_unused()  # Arrow would keep what it has read by
    index = _index(spec, given, aside)
    frame = _sampled(spec, given.frame.set_index(index) if index else given.frame)
    chosen = _chosen(spec, frame, aside)
    text = [name for name in chosen if not _numeric(frame[name])]
    if text and spec.categorical is Categorical.error:
        _refuse_text(spec, given, text)
    frame, notes = cleaned(spec, frame, chosen)
    logarithms = _logarithms(spec, frame, set(chosen) - set(text))
    columns = [_column(frame[name], log1p=name in logarithms) for name in chosen]
    x = encode(columns, frame)
    return Dataset(
        name=Path(spec.path).stem,
        x=x,
        features=_features(columns),
        rows=_rows(spec, frame),
        labels=tuple(_label(frame[name]) for name in _matching(frame, "label", spec.label)),
        missing=spec.missing,
        origin=tuple(columns),
        part=None if aside is None else _parts(frame[aside]),
        notes=(
            *given.notes,
            *_named_by(index),
            *notes,
            *_duplicates(frame[[column.name for column in columns]]),
        ),
    )


@verb
def sheet(spec: Table) -> Sheet:
    """Return the columns that a table holds, and what is to be said of how they were read."""
    if not spec.path:
        message = "dataset.path is missing: name the file of your table, dataset.path=data.csv."
        raise UserError(message)
    return read(Path(spec.path), spec)


def _index(spec: Table, given: Sheet, aside: str | None) -> list[str]:
    """Return the columns that name the rows by what the file says, unless the spec uses them."""
    frame = given.frame
    asked = {spec.id, aside, *_matching(frame, "label", spec.label)}
    asked |= {*_matching(frame, "columns", spec.columns)}
    return [name for name in given.index if name not in asked]


def _named_by(index: Sequence[str]) -> Iterator[str]:
    if index:
        yield f"{few(index)}: the index of a pandas data frame, which names the rows, no feature"


def _sampled(spec: Table, frame: pd.DataFrame) -> pd.DataFrame:
    if spec.sample is None or spec.sample >= len(frame):
        return frame
    chosen = np.random.default_rng(spec.seed).choice(len(frame), spec.sample, replace=False)
    return frame.iloc[np.sort(chosen)]


def _chosen(spec: Table, frame: pd.DataFrame, aside: str | None) -> list[str]:
    """Return the columns to learn from, in the table's order."""
    for key, name in {"dataset.id": spec.id, "split.column": aside}.items():
        if name is not None and name not in frame:
            _refuse_unknown(frame, key, name)
    others = {spec.id, aside, *_matching(frame, "label", spec.label)}
    dropped = {*_matching(frame, "drop", spec.drop), *others}
    wanted = _matching(frame, "columns", spec.columns) if spec.columns else list(frame)
    chosen = [name for name in frame if name in set(wanted) - dropped]
    chosen = [name for name in chosen if not _left_out(spec, frame[name])]
    if not chosen:
        message = f"{spec.path} has no column left to learn from: see dataset.columns and drop."
        raise UserError(message)
    return chosen


def _matching(frame: pd.DataFrame, key: str, names: Sequence[str]) -> list[str]:
    """Return the columns that names or patterns mean."""
    found: list[str] = []
    for name in names:
        matched = [name] if name in frame else [c for c in frame if fnmatchcase(c, name)]
        if not matched:
            _refuse_unknown(frame, f"dataset.{key}", name)
        found += matched
    return list(dict.fromkeys(found))


def _logarithms(spec: Table, frame: pd.DataFrame, numbers: set[str]) -> set[str]:
    """Return the columns whose logarithm is learnt; one that is named must be learnt from."""
    if idle := [name for name in spec.log1p if name in frame and name not in numbers]:
        message = f"dataset.log1p={idle[0]}: it is no column of numbers that is learnt from."
        raise UserError(message)
    return {*_matching(frame, "log1p", spec.log1p)} & numbers


def _refuse_unknown(frame: pd.DataFrame, key: str, name: str) -> None:
    has = few(list(frame.columns), 2 * NAMED)
    message = f"{key}={name}: there is no such column; the table has {has}."
    raise UserError(message)


def _left_out(spec: Table, values: "pd.Series[Any]") -> bool:
    return spec.categorical is Categorical.drop and not _numeric(values)


def _numeric(values: "pd.Series[Any]") -> bool:
    return values.dtype.kind in "iufb"


def _column(values: "pd.Series[Any]", *, log1p: bool) -> Column:
    name = str(values.name)
    if _numeric(values):
        return Column(name, log1p=log1p)
    categories = sorted({*words(values)} - {""})
    if not categories:
        message = f"column {name} is empty: leave it out with dataset.drop=[{name}]."
        raise UserError(message)
    if len(categories) > MOST_CATEGORIES:
        message = (
            f"column {name} has {len(categories):,} categories, more than {MOST_CATEGORIES}:"
            f" leave it out with dataset.drop=[{name}], or name the rows by it with dataset.id."
        )
        raise UserError(message)
    return Column(name, categories=tuple(categories))


def _features(columns: Sequence[Column]) -> tuple[str, ...]:
    names = features(columns)
    [(name, count)] = Counter(names).most_common(1)
    if count > 1:
        message = f"Several columns become a feature of one name, {name}: rename one of them."
        raise UserError(message)
    return names


def _rows(spec: Table, frame: pd.DataFrame) -> Sequence[str] | range:
    """Return what rows are called; by default their places in the table, whichever are left."""
    if spec.id is not None:
        return tuple(words(frame[spec.id]))
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return range(index.start, index.stop, index.step)
    return tuple(map(str, index))


def _refuse_text(spec: Table, given: Sheet, names: Sequence[str]) -> None:
    """Refuse columns of text among those to learn from, with why they are not numbers."""
    said = [given.texts.get(name, f"{name} ({_example(given.frame[name])})") for name in names]
    message = (
        f"{spec.path}: not numbers: {few(said, separator='; ')}. Say what they are with"
        " dataset.label, dataset.id or dataset.drop, or dataset.categorical=onehot|drop."
    )
    raise UserError(message)


def _example(values: "pd.Series[Any]") -> str:
    known = values.dropna()
    return repr(str(known.iloc[0]))[:40] if len(known) else "empty"


def _label(values: "pd.Series[Any]") -> Labels:
    """Return a column as classes, or as values if it holds more than a few different numbers."""
    name = str(values.name)
    if values.isna().all():
        message = f"dataset.label={name}: the column is empty; leave it out."
        raise UserError(message)
    if _numeric(values) and not _names_classes(values):
        return Values(name, values.to_numpy(np.float64, na_value=np.nan))
    text = words(values)
    names = sorted({*text} - {""})
    codes = {"": -1} | {each: code for code, each in enumerate(names)}
    return Classes(name, np.array([codes[each] for each in text]), tuple(names), f"no {name}")


def _names_classes(values: "pd.Series[Any]") -> bool:
    distinct = values.dropna().unique()
    numbers = np.asarray(distinct, float)
    return len(numbers) <= MOST_CLASSES and bool(np.all(numbers % 1 == 0))


def _parts(values: "pd.Series[Any]") -> list[str]:
    said = values.astype(str).str.strip().str.lower()
    unknown = [word for word in said.unique() if word not in PARTS]
    if unknown:
        message = (
            f"split.column={values.name} says {', '.join(unknown[:NAMED])}: it must say train or"
            " val (or validation, test) in every row."
        )
        raise UserError(message)
    return [PARTS[word] for word in said]


def _duplicates(frame: pd.DataFrame) -> Iterator[str]:
    hashes = pd.util.hash_pandas_object(frame, index=False)
    if copies := int(hashes.duplicated().sum()):
        yield (
            f"{copies:,} of {len(frame):,} rows are copies of another: where one is trained on and"
            " the other held out, the held-out error is too good"
        )
