"""A second table about the rows, such as their labels, joined by the names of the rows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aeexp.config.spec import Format
from aeexp.data.features import words
from aeexp.errors import UserError
from aeexp.text import counted, few, short

if TYPE_CHECKING:
    import pandas as pd

ABOUT_CELLS = ("decimal", "thousands", "na", "units", "encoding", "max_line", "max_bytes")
"""The fields of `Format` that also apply to the second table."""


def with_metadata(
    frame: pd.DataFrame, row_id: str | None, format: Format
) -> tuple[pd.DataFrame, list[str]]:
    """Return a table with the columns of dataset.metadata at its end, and notes.

    row_id: the column that names the rows of the table. In the second table this is the column of
    the same name or, without one, the column with the most names in common.

    Raises:
        UserError: The rows have no names, one has no row in the second table or several, or a
            column is in both tables and differs.
    """
    assert format.metadata
    key, path = "dataset.metadata", Path(format.metadata)
    if row_id is None:
        raise UserError(f"{key} needs dataset.id, the column that names the rows.")
    try:
        about = _read(path, format)
    except UserError as error:
        message = str(error).replace("dataset.path=", f"{key}=", 1)
        if "dataset.encoding=" in message:
            message += " It applies to the table, too: if that is UTF-8, save this file as UTF-8."
        raise UserError(message) from error
    names = words(frame[row_id])
    own = row_id if row_id in about else _most_in_common(about, {*names})
    about_names = words(about[own])
    _check_partners(names, about_names, f"{key}={format.metadata}", own)
    about = about.drop(columns=own).set_axis(about_names, axis=0)
    matched = about[~about.index.duplicated()].loc[names].set_axis(frame.index)
    both = [name for name in matched if name in frame]
    if differ := [name for name in both if (words(matched[name]) != words(frame[name])).any()]:
        raise UserError(
            f"{key}={format.metadata}: both tables have a column {few(differ)}, with different"
            " cells. Rename it in one of them."
        )
    import pandas as pd  # noqa: PLC0415

    joined = pd.concat([frame, matched.drop(columns=both)], axis=1)
    columns = counted(matched.shape[1] - len(both), "column")
    notes = [f"{columns} from {path.name}, matched by '{row_id}' and '{own}'"]
    if unused := len({*about_names} - {*names}):
        notes.append(f"{path.name}: {counted(unused, 'name')} without a row in the table")
    return joined, notes


def _read(path: Path, format: Format) -> pd.DataFrame:
    """Return the second table, which may be UTF-8 where dataset.encoding is that of the first."""
    from aeexp.data.io import read  # noqa: PLC0415  (imports pandas)
    from aeexp.data.io.formats import GENERAL, format_of  # noqa: PLC0415
    from aeexp.data.io.reader import file_errors  # noqa: PLC0415

    with file_errors(path):
        keys = {*format_of(path.name)[1].keys, *GENERAL}.intersection(ABOUT_CELLS)
    if "encoding" not in keys:  # numbers in a workbook have no marks
        keys -= {"decimal", "thousands"}
    settings = Format(**{key: getattr(format, key) for key in keys})
    if settings.encoding:
        with suppress(UserError):
            return read(path, replace(settings, encoding=None)).frame
    return read(path, settings).frame


def _most_in_common(about: pd.DataFrame, names: set[str]) -> str:
    return max(about, key=lambda name: len(names & {*words(about[name])}))


def _check_partners(names: object, about_names: object, where: str, own: str) -> None:
    """Check that each row has one row in the second table."""
    import pandas as pd  # noqa: PLC0415

    wanted, present = pd.Index(names), pd.Index(about_names)
    if len(missing := wanted[~wanted.isin(present)]):
        raise UserError(
            f"{where}: {len(missing):,} of {len(wanted):,} rows have no partner in column '{own}':"
            f" {few([*map(short, map(repr, missing))], 3)}; it has"
            f" {few([*map(short, map(repr, present))], 3)}. Add them, or correct the names."
        )
    twice = present[present.duplicated()]
    if len(twice := twice[twice.isin(wanted)]):
        raise UserError(
            f"{where}: {few([*map(short, map(repr, twice.unique()))], 3)} occurs more than once in"
            f" column '{own}'. Each name needs one row."
        )
