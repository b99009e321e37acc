"""Apply the model of a run to a file of rows, batch by batch, and write another file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aeexp.app.inference import Encoded, FittedModel
from aeexp.config.spec import Format
from aeexp.data.features import words
from aeexp.data.io import batches, read
from aeexp.data.table.layout import without_rows
from aeexp.data.table.metadata import with_metadata
from aeexp.data.time_steps import TimeSteps
from aeexp.errors import UserError
from aeexp.runs.rows import rows
from aeexp.text import FEW, few, listed, short

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Files:
    """The file to read, how to read it, and the file to write.

    keep: columns to copy; empty for all that the model does not use, None for none.
    """

    source: Path
    into: Path
    format: Format
    keep: Sequence[str] | None = None


@dataclass
class Tally:
    """Counts of encoded rows, of incomplete rows, and of rows outside the training data.

    beyond_range: by feature, the rows with a value beyond the training rows' range.
    """

    rows: int = 0
    incomplete: int = 0
    outside: int = 0
    unusual: int = 0
    beyond_range: Counter[str] = field(default_factory=Counter)

    def add(self, encoded: Encoded, features: tuple[str, ...]) -> None:
        """Count a batch of rows."""
        outside = encoded.table["outside"]
        self.rows += int(outside.count())
        self.incomplete += int(outside.isna().sum())
        self.outside += int(outside.sum())
        self.unusual += encoded.unusual
        self.beyond_range.update(
            {features[j]: int(n) for j, n in enumerate(encoded.beyond_range) if n}
        )

    def lines(self, steps: TimeSteps) -> Iterator[str]:
        """Yield how many rows are outside the training data, and why."""
        reasons: list[str] = []
        if features := [f"{short(name)} in {n:,}" for name, n in self.beyond_range.most_common()]:
            reasons.append(f"beyond the training rows' range: {few(features)}")
        if self.unusual:
            reasons.append(f"a larger error than 99 % of the training rows: {self.unusual:,}")
        why = f" ({'; '.join(reasons)})" if reasons else ""
        yield f"{self.outside:,} of {self.rows:,} rows are outside the training data{why}"
        if self.incomplete:
            reason = " or too few rows before them" if steps.lags else ""
            yield f"{self.incomplete:,} more rows have missing cells{reason} and were left empty"


def encode(
    model: FittedModel,
    source: Path,
    into: Path,
    format: Format,
    keep: Sequence[str] | None = None,
) -> Iterator[str]:
    """Write the latent factors of a file's rows; yield lines for the terminal.

    keep: columns of the file to copy; empty for all that the model does not use.
    """
    tally = Tally()

    def encoded(frame: pd.DataFrame) -> pd.DataFrame:
        batch = model.encode_and_count(frame)
        if model.support:
            tally.add(batch, model.stored.features)
        return batch.table

    yield from _converted(model, Files(source, into, format, keep), encoded)
    if model.support:
        yield from tally.lines(model.steps)
    else:
        yield "cannot check for out-of-range rows: this run has no model/support.npz"


def reconstruct(model: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write a file's rows as the model reconstructs them; yield lines for the terminal."""
    _require_table(into)
    yield from _converted(model, Files(source, into, format), model.reconstruct)
    yield from _units(model)


def decode(model: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write the rows that the model decodes from factors; yield lines for the terminal."""
    _require_table(into)
    yield from _converted(model, Files(source, into, format), model.decode)
    yield from _units(model)


def _require_table(into: Path) -> None:
    if into.suffix == ".h5ad":
        raise UserError(f"{into}: only encode writes .h5ad. Name a .csv or .parquet file with -o.")


def _units(model: FittedModel) -> Iterator[str]:
    """Yield how values differ from those of single rows; square roots are squared again."""
    steps = replace(model.steps, sqrt=False, lags=0)
    if steps.need_order:
        phrases = steps.phrases(model.columns)
        yield f"values are not those of single rows: {', then '.join(phrases)}"


def _converted(
    model: FittedModel, files: Files, convert: Callable[[pd.DataFrame], pd.DataFrame]
) -> Iterator[str]:
    into, keep = files.into, files.keep
    if files.source.resolve() == into.resolve():
        raise UserError(f"{into} is the file to read from: name another with -o.")
    count = written = 0
    frames, notes = _frames(model, files)
    yield from notes
    with rows(into) as write:
        for frame in frames:
            unused = model.unused(list(frame))
            kept = [] if keep is None else [*(keep or unused)]
            if not count and (rest := [name for name in unused if name not in kept]):
                yield f"columns not used: {few([*map(short, rest)])}"
            names = words(frame[model.id]) if model.id in frame else count + np.arange(len(frame))
            try:
                table = convert(frame)
            except UserError as error:
                if files.format.metadata or not model.lacking_beside(list(frame)):
                    raise
                remedy = "If a second file has them, name it: dataset.metadata=FILE."
                raise UserError(f"{error} {remedy}") from error
            places = frame.index.get_indexer(table.index)
            table = _with_columns(table, frame, places, kept)
            names = names[places]
            if not count and (lacking := model.lacking(list(frame))):  # allowed by `decode` only
                yield f"values are those of rows with average {listed(lacking)}"
            if into.suffix == ".csv":  # text files have no type for a missing cell
                table = table.astype(object).where(table.notna(), None)
            write({model.id: names, **table})
            count, written = count + len(frame), written + len(table)
    yield f"{written:,} rows: {into}"


def _with_columns(
    table: pd.DataFrame, frame: pd.DataFrame, places: NDArray[np.intp], kept: Sequence[str]
) -> pd.DataFrame:
    """Return a table with some columns of a frame. places: of its rows in the frame.

    Raises:
        UserError: The frame lacks a column, or the table has one of its name.
    """
    if missing := [name for name in kept if name not in frame]:
        raise UserError(
            f"--keep: the file has no column {few([*map(short, missing)])}. It has"
            f" {few([*map(short, frame)], 2 * FEW)}."
        )
    if twice := [name for name in kept if name in table]:
        raise UserError(
            f"--keep: the result has a column {few([*map(short, twice)])} of its own. Name the"
            " columns to keep, --keep=a,b, or rename this one."
        )
    columns = {name: frame[name].iloc[places].to_numpy() for name in kept}
    return table.assign(**columns)


def _frames(model: FittedModel, files: Files) -> tuple[Iterable[pd.DataFrame], list[str]]:
    """Return the rows of a file that are samples, in frames, and notes on the second file."""
    source, format = files.source, files.format
    is_arranged = format.transpose or format.pivot  # in memory as a whole
    is_whole = model.steps.need_order  # rows of several batches could be in one bin
    if not (is_whole or is_arranged or format.metadata):
        return batches(source, format, BATCH_ROWS), []
    table = read(source, format)
    frame, notes = table.frame, list[str]()
    names = next((name for name in (model.id, *table.index) if name in frame), None)
    if format.transpose and names is not None:
        _, frame = without_rows(model.stored.preprocessing.get("drop", []), frame, names)
    if format.metadata:
        frame, notes = _joined(model, files, frame, names)
    if is_arranged and names in model.unused(list(frame)):
        frame = frame.rename(columns={names: model.id})
    return [frame], notes


def _joined(
    model: FittedModel, files: Files, frame: pd.DataFrame, names: str | None
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows with the columns of dataset.metadata if they are needed, and notes."""
    if files.keep is None and not model.lacking_beside(list(frame)):
        return frame, [f"{files.format.metadata} is not read: the model needs no column of it"]
    if names is None:
        raise UserError(
            f"{files.source} has no column '{model.id}' with the names of its rows, which"
            " dataset.metadata needs."
        )
    return with_metadata(frame, names, files.format)
