"""A user's table as a data set.

pandas and PyArrow are imported only when there is such a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aeexp.config.spec import Missing, Table
from aeexp.config.verb import verb
from aeexp.data.dataset import Dataset, load
from aeexp.data.effects import fit
from aeexp.data.features import encode, is_numeric
from aeexp.data.na import NONE, without_na
from aeexp.data.quality.codes import Code, find_codes
from aeexp.data.quality.notes import number_notes
from aeexp.data.table.columns import Roles, choose_features, roles_of
from aeexp.data.table.convert import (
    MOST_INTEGERS,
    column,
    feature_names,
    label,
    parts,
    row_names,
)
from aeexp.data.table.covariates import describe, stated_covariates
from aeexp.data.table.design import possible_groups, stated_design
from aeexp.data.table.gaps import complete_rows
from aeexp.data.table.layout import lay_out
from aeexp.data.table.values import code_note, declared_note
from aeexp.errors import UserError
from aeexp.text import few

if TYPE_CHECKING:
    import pandas as pd

    from aeexp.data.io import Sheet


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
    spec = layout.spec
    roles = roles_of(spec, layout.frame, aside)
    frame, index = _with_index(spec, table, layout.frame, roles)
    frame = _sampled(spec, frame)
    frame, declared = without_na(
        frame, frame.columns.difference([*roles.beside.values()]), spec.na
    )

    chosen = choose_features(spec, table, frame, roles, layout.own)
    names, before = chosen.names, chosen.frame
    codes, of_labels = _codes(spec, before, [*names, *roles.removed], roles.labels)
    needed = [*names, *roles.removed] if spec.missing is Missing.drop_rows else names
    frame, changes = complete_rows(spec, before, needed)
    covariates = stated_covariates(spec, frame, roles.removed, roles.labels)
    columns = [column(frame[name], log1p=name in chosen.logarithms) for name in names]
    x, rows = encode(columns, frame), row_names(spec, frame)
    remaining = fit(x, covariates).removed(x, covariates.values) if covariates else x
    batch = [] if spec.batch is None else [spec.batch]
    labels = tuple(
        label(frame[name]) for name in [*(n for n in roles.labels if n not in batch), *batch]
    )
    notes = [
        *map(code_note, [*codes, *of_labels]),
        *layout.notes,
        *index,
        *chosen.notes,
        *declared_note(declared),
        *changes,
        *counters({name: frame[name].to_numpy() for name in names}),
        *number_notes(x, columns, rows),
        *_copies(frame[names]),
        *possible_groups(spec, frame, roles.labels, unused=frame.columns.difference(names)),
        *([describe(covariates)] if covariates else []),
    ]
    return Dataset(
        name=Path(spec.path).stem,
        x=x,
        features=feature_names(columns),
        rows=rows,
        labels=labels,
        missing=spec.missing,
        origin=tuple(columns),
        part=None if aside is None else parts(frame[aside]),
        notes=tuple(notes),
        design=stated_design(spec, before, frame, remaining, labels),
        batch=spec.batch,
        covariates=covariates,
        codes=tuple(code.text for code in codes if code.is_missing),
    )


def _with_index(
    spec: Table, table: Sheet, frame: pd.DataFrame, roles: Roles
) -> tuple[pd.DataFrame, list[str]]:
    """Return a table whose rows have the names of the index in the file, and a note on it."""
    index = [name for name in table.index if name not in roles.named]
    if not index:
        return frame, []
    arranged = spec.transpose or spec.pivot
    notes = [] if arranged else [f"{few(index)}: the index in the file, used as names of the rows"]
    return frame.set_index(index), notes


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
