"""Rows and columns of a table exchanged, made from its long form, or renamed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aeexp.config.spec import Format
from aeexp.data.features import example, is_numeric, words
from aeexp.data.io.cells import Column, Notation, Style, convert
from aeexp.data.io.names import listed, numbered, shown
from aeexp.data.io.table_source import TableSource, gather
from aeexp.data.na import na_values
from aeexp.errors import UserError
from aeexp.text import counted, few

SAMPLE = "sample"
"""The column of a transposed table that names its rows."""
Arranged = tuple[pd.DataFrame, list[str]]


def arrange(frame: pd.DataFrame, format: Format, style: Style | None = None) -> Arranged:
    """Return a table as `format` arranges it, and notes.

    The first column of a table that is transposed or made from its long form names its rows.
    style: of the numbers in cells of text; None is that of `format`.

    Raises:
        UserError: A column does not exist, or names repeat.
    """
    notes: list[str] = []
    style = style or Style(format.decimal or ".", format.thousands)
    notation = Notation(style, na_values(format.na), tuple(format.units))
    if format.pivot:
        frame, notes = pivoted(frame, format.pivot, notation)
    if format.transpose:
        frame, more = transposed(frame, notation)
        notes = [*notes, *more]
    names = new_names([*frame.columns], format.rename or {})
    return frame.set_axis(names, axis=1), notes


def arrange_source(source: TableSource, format: Format) -> TableSource:
    """Return the table of a file as `format` arranges it; in memory, unless only renamed.

    Raises:
        UserError: As `arrange`.
    """
    if format.pivot or format.transpose:
        frame = gather(source.chunks(), source.rows, source.schema).frame()
        left_out: list[str] = []
        if format.transpose and not format.pivot:
            frame, left_out = _samples(frame, source)
        frame, notes = arrange(frame, format, source.style)
        arrays = [_array(frame[name]) for name in frame]
        batch = pa.RecordBatch.from_arrays(arrays, names=[*frame])
        texts = {
            name: f"column '{shown(name)}' has {example(frame[name])}"
            for name in frame
            if not is_numeric(frame[name])
        }
        return TableSource(
            source.kind,
            len(frame),
            batch.schema,
            (*source.notes, *left_out, *notes),
            texts,
            lambda: iter([batch]),
            (str(frame.columns[0]),),
            style=source.style,
        )
    if not format.rename:
        return source
    names = new_names(source.schema.names, format.rename)
    renamed = dict(zip(source.schema.names, names, strict=True))
    return replace(
        source,
        schema=pa.schema([f.with_name(renamed[f.name]) for f in source.schema]),
        texts={renamed[name]: text for name, text in source.texts.items()},
        chunks=lambda: (batch.rename_columns(names) for batch in source.chunks()),
        index=tuple(renamed[name] for name in source.index),
        annotations=tuple(renamed[name] for name in source.annotations),
        remedies=source.remedies
        and {renamed[name]: remedy for name, remedy in source.remedies.items()},
    )


def _samples(frame: pd.DataFrame, source: TableSource) -> Arranged:
    """Return the columns of a table that may be samples, and notes on the others.

    The columns that the file declares as names of the rows become the index, unless they are only
    numbers, as a selection of rows leaves them, and there is text that may name the rows.
    """
    names = [*source.index]
    annotations = [name for name in source.annotations if name not in names]
    samples = frame.drop(columns=[*names, *annotations])
    texts = any(not is_numeric(samples[name]) for name in samples)
    if names and not (texts and all(is_numeric(frame[name]) for name in names)):
        cells = zip(*(words(frame[name]) for name in names), strict=True)
        samples = samples.set_axis(["_".join(row) for row in cells])
    if not annotations:
        return samples, []
    return samples, [f"transposed without {listed(annotations)}, which describe the rows"]


def _array(values: "pd.Series[float]") -> pa.Array:
    if is_numeric(values):
        return pa.array(values.to_numpy())
    return pa.array([None if pd.isna(cell) else str(cell) for cell in values], pa.string())


def new_names(names: Sequence[str], renamed: Mapping[str, str]) -> list[str]:
    """Return the names of columns after some are changed. renamed: new names by old ones.

    Raises:
        UserError: A column has neither its old nor its new name, or two get the same name.
    """
    present = {*names}
    if unknown := [old for old, new in renamed.items() if not {old, new} & present]:
        raise UserError(
            f"dataset.rename: there is no column '{shown(unknown[0])}'. The columns are"
            f" {listed(names)}."
        )
    new = [renamed.get(name, name) for name in names]
    if twice := [name for name in {*renamed.values()} if new.count(name) > 1]:
        raise UserError(f"dataset.rename: several columns get the name '{shown(twice[0])}'.")
    return new


def r_name(name: str) -> str:
    """Return a name as R's read.csv and write.csv change it: 1-Methyl becomes X1.Methyl."""
    valid = re.sub(r"[^\w.]", ".", name)
    return valid if re.match(r"[^\W\d_]|\.(?!\d)", valid) else f"X{valid}"


# Rows and columns exchanged


def transposed(frame: pd.DataFrame, notation: Notation) -> Arranged:
    """Return the columns of a table as rows, and notes.

    The rows are named by the index or, without one, by the first column that has another text in
    each row. Other columns of text are left out, unless most of their cells are numbers: then the
    table has rows of text, such as the groups of the samples.

    Raises:
        UserError: No column names the rows, or only one column is left.
    """
    names, rest = _row_names(frame)
    cells = [_written(frame[name], notation.style) for name in rest]
    numeric = [is_numeric(frame[name]) for name in rest]
    kept = [j for j, yes in enumerate(numeric) if yes or _mostly_numbers(cells[j], notation.style)]
    if len(kept) < 2:
        raise UserError(
            f"dataset.transpose: fewer than two columns have numbers: {listed(rest)}. Remove it."
        )
    if all(numeric[j] for j in kept):
        block = frame[[rest[j] for j in kept]].to_numpy(_float_type(frame, rest, kept)).T
        turned = pd.DataFrame(block, columns=names)
    else:
        columns = zip(*(cells[j] for j in kept), strict=True)
        turned = pd.DataFrame({
            name: _typed(column, notation) for name, column in zip(names, columns, strict=True)
        })  # fmt: skip
    first = SAMPLE if SAMPLE not in turned else f"{SAMPLE}_name"
    turned.insert(0, first, [rest[j] for j in kept])
    notes = [f"transposed: '{first}' has the names of the {len(turned):,} columns of the file"]
    if left_out := [rest[j] for j in range(len(rest)) if j not in kept]:
        notes.append(f"transposed without the columns of text {listed(left_out)}")
    return turned, notes


def _written(values: "pd.Series[Any]", style: Style) -> Sequence[str]:
    """Return cells as text, in which numbers are written in the style of the text columns."""
    cells = words(values).tolist()
    if is_numeric(values) and style.decimal != ".":
        return [cell.replace(".", style.decimal) for cell in cells]
    return cells


def _row_names(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return a name for each row, and the other columns."""
    columns = [*frame.columns]
    if not isinstance(frame.index, pd.RangeIndex):
        texts = [*map(str, frame.index)]
        _require_unique(texts, "the index")
        return texts, columns
    text = [name for name in columns if not is_numeric(frame[name])]
    unique = next((n for n in text if frame[n].is_unique and frame[n].notna().all()), None)
    if unique is None and text and not _mostly_numbers(words(frame[text[0]]), Style()):
        _require_unique(words(frame[text[0]]).tolist(), f"column '{shown(text[0])}'")
    if unique is None:
        return numbered(len(frame)), columns
    return words(frame[unique]).tolist(), [name for name in columns if name != unique]


def _require_unique(names: Sequence[str], where: str) -> None:
    counts = pd.Series(names).value_counts()
    if twice := [shown(name) for name in counts[counts > 1].index]:
        raise UserError(
            f"dataset.transpose: {where} names the columns of the transposed table, but"
            f" {few(twice, 3)} occurs more than once. Make the names unique, or remove"
            " dataset.transpose."
        )


def _mostly_numbers(cells: Iterable[str], style: Style) -> bool:
    filled = pa.array([cell for cell in cells if cell], pa.string())
    numbers = pc.sum(pc.match_substring_regex(filled, style.pattern)).as_py() or 0
    return 2 * numbers > len(filled)


def _float_type(frame: pd.DataFrame, names: Sequence[str], kept: Sequence[int]) -> type:
    single = all(frame[names[j]].dtype == np.float32 for j in kept)
    return np.float32 if single else np.float64


def _typed(cells: Sequence[str], notation: Notation) -> "pd.Series[float]":
    """Return text cells as numbers if all of them are, else as they are."""
    texts, column = pa.array([*cells], pa.string()), Column(notation)
    column.update(texts, 0)
    kind = column.type if pa.types.is_string(column.type) else pa.float64()
    return convert(texts, kind, notation).to_pandas()


# Long form


def pivoted(frame: pd.DataFrame, names: Sequence[str], notation: Notation) -> Arranged:
    """Return a table in long form, with one value per row, as a row for each name of a row.

    names: the columns with the names of the rows, the names of the columns, and the values. A
    further column is kept if it has one value for each name of a row; otherwise it is left out.

    Raises:
        UserError: A column does not exist, or there are several values for one cell.
    """
    if unknown := [name for name in names if name not in frame]:
        raise UserError(
            f"dataset.pivot: there is no column '{shown(unknown[0])}'. The columns are"
            f" {listed(frame.columns)}."
        )
    row, column, value = names
    keys = pd.DataFrame({row: words(frame[row]), column: words(frame[column])})
    if (empty := (keys == "").any(axis=1)).any():
        number = int(empty.to_numpy().argmax()) + 1
        raise UserError(
            f"dataset.pivot: data row {number:,} has no name in '{shown(row)}' or"
            f" '{shown(column)}'."
        )
    if (twice := keys.duplicated()).any():
        first = keys[twice].iloc[0]
        raise UserError(
            f"dataset.pivot: there are several values of '{shown(first[column])}' for"
            f" '{shown(first[row])}'. Average them first, or name other columns."
        )
    values = frame[value].set_axis(pd.MultiIndex.from_frame(keys))
    wide = values.unstack(column, sort=False)  # noqa: PD010  (pivot_table would average)
    if not is_numeric(values):  # words among the values of one column leave the others numeric
        wide = wide.apply(lambda cells: _typed(words(cells).tolist(), notation).to_numpy())
    rest = [name for name in frame if name not in names]
    same = [n for n in rest if frame[n].groupby(keys[row].to_numpy()).nunique().max() <= 1]
    firsts = (~keys[row].duplicated()).to_numpy()
    further = frame.loc[firsts, [n for n in same if n not in wide]].set_axis(wide.index)
    table = pd.concat([further, wide.rename_axis(columns=None)], axis=1)
    table.insert(0, row, [*wide.index])
    rows, columns = counted(len(wide), "row"), counted(wide.shape[1], "column")
    notes = [f"long form made into {rows} ({row}) × {columns} ({column})"]
    if left_out := [name for name in rest if name not in further]:
        notes.append(f"without the columns {listed(left_out)}, which differ within a row")
    return table.reset_index(drop=True), notes
