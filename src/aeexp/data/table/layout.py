"""Which rows and columns of a user's table are samples and measurements."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from aeexp.config.spec import Table
from aeexp.data.features import NUMERIC, words
from aeexp.data.table.metadata import with_metadata
from aeexp.text import few

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from aeexp.data.io import Sheet

SUMMARY = re.compile(
    r"(?i)(grand )?(mean|average|avg|median|total|sum|s\.?d\.?|std(ev)?|standard deviation"
    r"|s\.?e\.?m?|cv|min(imum)?|max(imum)?|n|count)\.?:?"
)
"""Names of a row that summarises the rows above it."""
MOST_SUMMARIES = 6
TEXT = ("str", "string")
"""Types of text; a data frame in memory may have columns of other objects."""


@dataclass(frozen=True)
class Layout:
    """A table whose rows are samples.

    spec: without names of rows in `drop`. own: the columns of the file, which may be features;
    the others are from dataset.metadata.
    """

    spec: Table
    frame: pd.DataFrame
    own: tuple[str, ...]
    notes: tuple[str, ...]


def lay_out(spec: Table, table: Sheet) -> Layout:
    """Return the rows of a table that are samples, with the columns of the second table.

    Raises:
        UserError: The second table does not fit; see `with_metadata`.
    """
    from aeexp.data.io.orientation import layout_notes  # noqa: PLC0415  (imports pandas)

    frame, notes = table.frame, list(table.notes)
    arranged = spec.transpose is not None or bool(spec.pivot)
    if not arranged:
        kinds = {str(name): kind for name, kind in frame.dtypes.items()}
        plain = [n for n, kind in kinds.items() if kind.kind in NUMERIC or str(kind) in TEXT]
        notes += layout_notes({name: frame[name] for name in plain}, len(frame))
    names = spec.id or (table.index[0] if len(table.index) == 1 else None)
    if spec.transpose and names is not None and names in frame:
        left, frame = without_rows(spec.drop, frame, names)
        spec = replace(spec, drop=left)
    if summaries := summary_rows(frame):
        notes.append(
            f"the last rows look like summaries: {few(summaries)}; leave them out with"
            f" dataset.comment=[{','.join(summaries)}]"
        )
    own = tuple(frame)
    if spec.metadata:
        frame, more = with_metadata(frame, names if names in frame else None, spec)
        notes += more
    return Layout(spec, frame, own, tuple(notes))


def without_rows(
    drop: Sequence[str], frame: pd.DataFrame, names: str
) -> tuple[list[str], pd.DataFrame]:
    """Leave out the rows of a transposed table that dataset.drop names.

    They are columns of the file, such as the length of each gene. names: the column that names the
    rows. Returns the names and patterns in `drop` that match no row, and the other rows.
    """
    rows = words(frame[names])
    matched = {
        pattern: {row for row in rows if fnmatchcase(row, pattern)}
        for pattern in drop
        if pattern not in frame
    }
    dropped = set().union(*matched.values())
    left = [name for name in drop if not matched.get(name)]
    keep = [row not in dropped for row in rows]
    return left, frame[keep].reset_index(drop=True)


def summary_rows(frame: pd.DataFrame) -> list[str]:
    """Return the names of the last rows, if they are those of summaries such as Mean and SD."""
    for name in frame.columns[[kind.kind not in NUMERIC for kind in frame.dtypes]]:
        last = words(frame[name].iloc[-MOST_SUMMARIES:]).tolist()
        found: list[str] = []
        while last and SUMMARY.fullmatch(last[-1].strip()):
            found.insert(0, last.pop())
        if found and not frame[name].iloc[: -len(found)].isin(found).any():
            return found
    return []
