"""Columns of numbers with other text among them: what makes them numeric, and notes on them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from aeexp.config.spec import Format
from aeexp.data.io.cells import MINUS, Column, Notation, convert
from aeexp.data.io.names import LISTED, listed, shown
from aeexp.data.io.table_source import Remedy, TableSource
from aeexp.data.na import na_values
from aeexp.text import counted


def remedy(column: Column) -> Remedy | None:
    """Return what makes a text column numeric; None if it has less than half numbers."""
    return None if column.remedy is None else Remedy(column.remedy, column.unit)


def text_as_numbers(source: TableSource, format: Format) -> TableSource:
    """Return a table whose columns of text are examined as those of a text file are.

    A column becomes numeric if it has only numbers besides words of dataset.na, units of
    dataset.units or minus signs of typography. The others with mostly numbers get remedies. Text
    without such cells remains text, as a file with types may mean it: codes such as 007.
    """
    if source.remedies is not None:
        return source
    notation = Notation(source.style, na_values(format.na), tuple(format.units))
    columns = _examined(source, notation)
    numeric = {n: c for n, c in columns.items() if _is_declared(c)}
    remedies = {
        n: r
        for n, c in columns.items()
        if n not in numeric and (r := _typed_remedy(c)) is not None
    }
    texts = {
        name: _sentence(name, columns[name]) if name in remedies else text
        for name, text in source.texts.items()
        if name not in numeric
    }
    schema = pa.schema([
        field.with_type(numeric[field.name].type) if field.name in numeric else field
        for field in source.schema
    ])  # fmt: skip

    def chunks() -> Iterator[pa.RecordBatch]:
        for batch in source.chunks():
            cells = [
                convert(pc.fill_null(values, ""), f.type, notation)
                if f.name in numeric
                else values
                for f, values in zip(schema, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(cells, schema=schema)

    notes = [*missing(numeric), *read_as_numbers(numeric), *mixed([*remedies], texts)]
    return replace(
        source,
        schema=schema,
        texts=texts,
        chunks=chunks if numeric else source.chunks,
        remedies=remedies,
        notes=(*source.notes, *notes),
    )


def _examined(source: TableSource, notation: Notation) -> dict[str, Column]:
    """Return what the cells of each text column require that may be one of numbers."""
    names = {*source.texts} - {*source.index, *source.annotations}
    columns = {name: Column(notation) for name in source.texts if name in names}
    row = 1
    for batch in source.chunks() if columns else ():
        for name, column in columns.items():
            column.update(pc.fill_null(batch.column(name), ""), row)
        columns = {n: c for n, c in columns.items() if c.remedy is not None or not c.non_numeric}
        if not columns:
            break  # all of them are words
        row += batch.num_rows
    return columns


def _is_declared(column: Column) -> bool:
    """Return whether a column has only numbers besides what the user has declared."""
    pattern = column.notation.na.pattern
    has_word = any(re.match(pattern, word) for word in column.missing if word)
    has_unit = column.unit in column.notation.units
    return not pa.types.is_string(column.type) and (column.has_minus or has_word or has_unit)


def _typed_remedy(column: Column) -> Remedy | None:
    """Return what makes a column numeric; in a file with types, words such as NA are text."""
    words = tuple(sorted({*column.missing} - {""}))
    if not column.non_numeric and column.filled and words:
        return Remedy(words)
    return remedy(column)


def _sentence(name: str, column: Column) -> str:
    """Return why a column is text that has mostly numbers."""
    words = {word: count for word, count in column.missing.items() if word}
    examples = [f"'{shown(cell)}' in row {row:,}" for row, cell in column.examples]
    count = column.non_numeric or sum(words.values())
    cells = ", ".join(examples) or listed(words)
    total = column.filled + (0 if column.non_numeric else count)
    return (
        f"column '{shown(name)}': {count:,} of {total:,} cells are not numbers: {cells}"
        f"{units(column)}"
    )


def units(column: Column) -> str:
    """Return how many numbers have a unit, if others have another or none."""
    counts = Counter(column.suffixes or ())
    if column.remedy is None or column.unit is not None or not counts:
        return ""
    units = ", ".join(f"{count:,} with '{shown(unit)}'" for unit, count in counts.items())
    without = column.filled - column.non_numeric
    return f" ({units}, {without:,} without a unit: use one unit in the column)"


def missing(columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield a note on the words that mean missing numbers; empty cells need no note."""
    counts: Counter[str] = Counter()
    for column in columns.values():
        if not pa.types.is_string(column.type):
            counts.update(column.missing)
    del counts[""]
    if counts:
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        texts = ", ".join(f"'{shown(text)}' ({count:,})" for text, count in ordered)
        yield f"missing cells in numeric columns: {texts}"


def read_as_numbers(columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield notes on the units that are removed, and on minus signs of typography."""
    if minus := [name for name, column in columns.items() if column.has_minus]:
        yield f"{MINUS} is read as a minus sign in {listed(minus)}"
    for unit in dict.fromkeys(column.unit for column in columns.values()):
        numeric = [n for n, c in columns.items() if c.unit == unit and c.type == pa.float64()]
        if unit is not None and numeric:
            yield f"the unit '{shown(unit)}' is removed from {listed(numeric)}"


def mixed(names: Sequence[str], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield why columns are text that have mostly numbers."""
    yield from (texts[name] for name in names[:LISTED])
    if len(names) > LISTED:
        yield f"{counted(len(names) - LISTED, 'more column')} of numbers with text among them"
