"""What a user reads about cells that are no measurements: words among numbers, and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aeexp.config.spec import Missing, Table
from aeexp.data.quality.codes import Code
from aeexp.text import counted, few, short

if TYPE_CHECKING:
    from aeexp.data.io.table_source import Remedy


def make_numeric(spec: Table, remedies: Mapping[str, Remedy]) -> str:
    """Return a sentence with the keys that make text columns numeric, by their remedies."""
    from aeexp.data.inspect.command import argument, value_text  # noqa: PLC0415  (imports pandas)

    na = [*spec.na, *(text for remedy in remedies.values() for text in remedy.na)]
    units = [*spec.units, *(remedy.unit for remedy in remedies.values() if remedy.unit)]
    values = {"na": na, "units": units}
    keys = [
        argument(f"dataset.{key}={value_text([*dict.fromkeys(value)])}")
        for key, value in values.items()
        if value
    ]
    keys += ["dataset.missing"] if na and spec.missing is Missing.error else []
    return f"To use {few([*map(short, remedies)])} as numbers, set {' and '.join(keys)}."


def code_note(code: Code) -> str:
    """Return a sentence on a number that probably means "missing", and what to set."""
    columns = [f"{short(name)} ({count:,})" for name, count in code.columns.items()]
    where = f"{counted(code.cells, 'cell')} of {counted(len(columns), 'column')}, {few(columns)}"
    start = f"{code.text} is apart from all other values in {where}"
    if code.inside:
        inside = few([*map(short, code.inside)])
        return (
            f"{start}. If it means a missing value, replace it in the file: dataset.na would also"
            f" remove it from {inside}, where it is within the range."
        )
    meaning = "missing value" if code.number else "value that was not detected or is missing"
    none = "; if it is a measurement, dataset.na=none" if code.is_missing else ""
    keys = f"dataset.na=[{code.text}] and dataset.missing{none}"
    return f"{start}. If it means a {meaning}, set {keys}."


def declared_note(counts: Mapping[str, int]) -> list[str]:
    """Return a note on the values of dataset.na, if there are any in the table."""
    texts = ", ".join(f"'{short(text)}' ({count:,})" for text, count in counts.items())
    return [f"missing by dataset.na: {texts}"] if texts else []
