"""A frame of columns -> Dataset: which columns are features, labels and names of rows."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from aeexp.data.columns import Column, encode, features
from aeexp.data.dataset import Classes, Dataset, Labels, Values
from aeexp.reading import Sheet, read
from aeexp.spec import Categorical, Infinite, Missing, Table

MOST_CATEGORIES = 100  # of a column that becomes a feature for each
MOST_CLASSES = 20  # distinct whole numbers that a label may have and still name classes
NAMED = 5  # columns named in a message
FILLS = {
    Missing.mean: "the mean of the training rows",
    Missing.median: "the median of the training rows",
    Missing.knn: "the 5 nearest training rows that have the value",
}
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
    frame = _sampled(spec, given.frame)
    chosen = _chosen(spec, frame, aside)
    text = [name for name in chosen if not _numeric(frame[name])]
    if text and spec.categorical is Categorical.error:
        _refuse_text(spec, given, text)
    columns = [_column(spec, frame, name) for name in chosen]
    frame, notes = _cleaned(spec, frame, columns)
    x = encode(columns, frame)
    return Dataset(
        name=Path(spec.path).stem,
        x=x,
        features=features(columns),
        rows=range(len(frame)) if spec.id is None else tuple(frame[spec.id].astype(str)),
        labels=tuple(_label(frame[name]) for name in spec.label),
        missing=spec.missing,
        origin=tuple(columns),
        part=None if aside is None else _parts(frame[aside]),
        notes=(*given.notes, *notes, *_duplicates(frame[[column.name for column in columns]])),
    )


@singledispatch
def sheet(spec: Table) -> Sheet:
    """Return the columns that a table holds, and what is to be said of how they were read."""
    if not spec.path:
        message = "dataset.path is missing: name the file of your table, dataset.path=data.csv."
        raise ValueError(message)
    return read(Path(spec.path), spec)


def _sampled(spec: Table, frame: pd.DataFrame) -> pd.DataFrame:
    if spec.sample is None or spec.sample >= len(frame):
        return frame
    chosen = np.random.default_rng(spec.seed).choice(len(frame), spec.sample, replace=False)
    return frame.iloc[np.sort(chosen)]


def _chosen(spec: Table, frame: pd.DataFrame, aside: str | None) -> list[str]:
    """Return the columns to learn from, in the table's order."""
    named = {"id": [spec.id] if spec.id else [], "label": spec.label}
    kept = [name for key, names in named.items() for name in _matching(frame, key, names)]
    if aside is not None and aside not in frame:
        _refuse_unknown(frame, "split.column", aside)
    kept += [aside] if aside is not None else []
    dropped = {*_matching(frame, "drop", spec.drop), *kept}
    wanted = _matching(frame, "columns", spec.columns) if spec.columns else list(frame)
    chosen = [name for name in frame if name in set(wanted) - dropped]
    chosen = [name for name in chosen if not _left_out(spec, frame[name])]
    if not chosen:
        message = f"{spec.path} has no column left to learn from: see dataset.columns and drop."
        raise ValueError(message)
    return chosen


def _matching(frame: pd.DataFrame, key: str, names: Sequence[str]) -> list[str]:
    """Return the columns that names or patterns mean."""
    found: list[str] = []
    for name in names:
        matched = [name] if name in frame else [c for c in frame if fnmatchcase(c, name)]
        if not matched:
            _refuse_unknown(frame, f"dataset.{key}", name)
        found += matched
    return found


def _refuse_unknown(frame: pd.DataFrame, key: str, name: str) -> None:
    more = f" and {len(frame.columns) - 2 * NAMED} more" if len(frame.columns) > 2 * NAMED else ""
    has = ", ".join(frame.columns[: 2 * NAMED])
    message = f"{key}={name}: there is no such column; the table has {has}{more}."
    raise ValueError(message)


def _left_out(spec: Table, values: "pd.Series[Any]") -> bool:
    return spec.categorical is Categorical.drop and not _numeric(values)


def _numeric(values: "pd.Series[Any]") -> bool:
    return values.dtype.kind in "iufb"


def _column(spec: Table, frame: pd.DataFrame, name: str) -> Column:
    if _numeric(frame[name]):
        return Column(name, log1p=name in _matching(frame, "log1p", spec.log1p))
    categories = sorted(frame[name].dropna().astype(str).unique())
    if len(categories) > MOST_CATEGORIES:
        message = (
            f"column {name} has {len(categories):,} categories, more than {MOST_CATEGORIES}:"
            f" leave it out with dataset.drop=[{name}], or name the rows by it with dataset.id."
        )
        raise ValueError(message)
    return Column(name, categories=tuple(categories))


def _refuse_text(spec: Table, given: Sheet, names: Sequence[str]) -> None:
    """Refuse columns of text among those to learn from, with why they are not numbers."""
    said = [given.texts.get(name, f"{name} ({_example(given.frame[name])})") for name in names]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    message = (
        f"{spec.path}: not numbers: {'; '.join(said[:NAMED])}{more}. Say what they are with"
        " dataset.label, dataset.id or dataset.drop, or dataset.categorical=onehot|drop."
    )
    raise ValueError(message)


def _example(values: "pd.Series[Any]") -> str:
    known = values.dropna()
    return repr(str(known.iloc[0]))[:40] if len(known) else "empty"


def _cleaned(
    spec: Table, frame: pd.DataFrame, columns: Sequence[Column]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that are learnt from, without infinities, and what was done to them.

    Raises:
        ValueError: Cells are missing or infinite, and nothing says what is to become of them.
    """
    names = [column.name for column in columns]
    frame, notes = _without_infinities(spec, frame, names)
    gaps = frame[names].isna()
    counts = gaps.sum()
    if not counts.any():
        return frame, notes
    said = f"{int(counts.sum()):,} of {gaps.size:,} cells are missing"
    match spec.missing:
        case Missing.error:
            _refuse_gaps(spec, gaps, f"{spec.path}: {said}")
        case Missing.drop_rows:
            whole = ~gaps.any(axis=1)
            notes.append(f"{said}: {int((~whole).sum()):,} of {len(frame):,} rows are left out")
            frame = frame[whole]
        case filled:
            notes.append(f"{said}: filled by {FILLS[filled]}")
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
        known = frame.assign(
            **{name: frame[name].replace([np.inf, -np.inf], np.nan) for name in infinite}
        )
        return known, [f"{sum(infinite.values()):,} infinite cells are taken as missing"]
    said = ", ".join(f"{name} ({count:,})" for name, count in [*infinite.items()][:NAMED])
    message = f"{spec.path}: infinite cells in {said}: say dataset.infinite=missing."
    raise ValueError(message)


def _refuse_gaps(spec: Table, gaps: pd.DataFrame, said: str) -> None:
    counts = gaps.sum()
    columns = [f"{name} ({count:,})" for name, count in counts[counts > 0].items()]
    more = f" and {len(columns) - NAMED} more columns" if len(columns) > NAMED else ""
    first = ", ".join(str(i + 1) for i in np.flatnonzero(gaps.any(axis=1))[:NAMED])
    message = (
        f"{said}, in {', '.join(columns[:NAMED])}{more}, first in data rows {first}: say"
        " dataset.missing=drop_rows, mean, median or knn, or leave columns out with dataset.drop."
    )
    raise ValueError(message)


def _label(values: "pd.Series[Any]") -> Labels:
    """Return a column as classes, or as values if it holds more than a few different numbers."""
    name = str(values.name)
    if _numeric(values) and not _names_classes(values):
        return Values(name, values.to_numpy(np.float64, na_value=np.nan))
    words = values.dropna()
    if words.dtype.kind == "f":
        words = words.astype(int)  # 1.0 is class 1
    codes, names = pd.factorize(words.astype(str), sort=True)
    every = np.full(len(values), -1)
    every[values.notna().to_numpy()] = codes
    return Classes(name, every, tuple(map(str, names)), none=f"no {name}")


def _names_classes(values: "pd.Series[Any]") -> bool:
    distinct = values.dropna().unique()
    return len(distinct) <= MOST_CLASSES and bool(np.all(np.asarray(distinct, float) % 1 == 0))


def _parts(values: "pd.Series[Any]") -> list[str]:
    said = values.astype(str).str.strip().str.lower()
    unknown = [word for word in said.unique() if word not in PARTS]
    if unknown:
        message = (
            f"split.column={values.name} says {', '.join(unknown[:NAMED])}: it must say train or"
            " val (or validation, test) in every row."
        )
        raise ValueError(message)
    return [PARTS[word] for word in said]


def _duplicates(frame: pd.DataFrame) -> Iterator[str]:
    hashes = pd.util.hash_pandas_object(frame, index=False)
    if copies := int(hashes.duplicated().sum()):
        yield (
            f"{copies:,} of {len(frame):,} rows are copies of another: where one is trained on and"
            " the other held out, the held-out error is too good"
        )
