"""Apply the model of a run to a file of rows, batch by batch, and write another file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from aeexp.app.inference import Encoded, FittedModel
from aeexp.config.spec import Format
from aeexp.data.features import words
from aeexp.data.io import batches, read
from aeexp.data.table.layout import without_rows
from aeexp.data.table.metadata import with_metadata
from aeexp.data.time_steps import TimeSteps
from aeexp.errors import UserError
from aeexp.runs.rows import rows
from aeexp.text import few, listed, short

BATCH_ROWS = 65_536


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


def encode(model: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write the latent factors of a file's rows; yield lines for the terminal."""
    tally = Tally()

    def encoded(frame: pd.DataFrame) -> pd.DataFrame:
        batch = model.encode_and_count(frame)
        if model.support:
            tally.add(batch, model.stored.features)
        return batch.table

    yield from _converted(model, source, into, format, encoded)
    if model.support:
        yield from tally.lines(model.steps)
    else:
        yield "cannot check for out-of-range rows: this run has no model/support.npz"


def reconstruct(model: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write a file's rows as the model reconstructs them; yield lines for the terminal."""
    _require_table(into)
    yield from _converted(model, source, into, format, model.reconstruct)
    yield from _units(model)


def decode(model: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write the rows that the model decodes from factors; yield lines for the terminal."""
    _require_table(into)
    yield from _converted(model, source, into, format, model.decode)
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
    model: FittedModel,
    source: Path,
    into: Path,
    format: Format,
    convert: Callable[[pd.DataFrame], pd.DataFrame],
) -> Iterator[str]:
    if source.resolve() == into.resolve():
        raise UserError(f"{into} is the file to read from: name another with -o.")
    count = written = 0
    frames, notes = _frames(model, source, format)
    yield from notes
    with rows(into) as write:
        for frame in frames:
            if not count and (unused := model.unused(list(frame))):
                yield f"columns not used: {few([*map(short, unused)])}"
            names = words(frame[model.id]) if model.id in frame else count + np.arange(len(frame))
            try:
                table = convert(frame)
            except UserError as error:
                if format.metadata or not model.lacking_beside(list(frame)):
                    raise
                remedy = "If a second file has them, name it: dataset.metadata=FILE."
                raise UserError(f"{error} {remedy}") from error
            names = names[frame.index.get_indexer(table.index)]
            if not count and (lacking := model.lacking(list(frame))):  # allowed by `decode` only
                yield f"values are those of rows with average {listed(lacking)}"
            if into.suffix == ".csv":  # text files have no type for a missing cell
                table = table.astype(object).where(table.notna(), None)
            write({model.id: names, **table})
            count, written = count + len(frame), written + len(table)
    yield f"{written:,} rows: {into}"


def _frames(
    model: FittedModel, source: Path, format: Format
) -> tuple[Iterable[pd.DataFrame], list[str]]:
    """Return the rows of a file that are samples, in frames, and notes on the second file."""
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
        frame, notes = _joined(model, source, frame, names, format)
    if is_arranged and names in model.unused(list(frame)):
        frame = frame.rename(columns={names: model.id})
    return [frame], notes


def _joined(
    model: FittedModel, source: Path, frame: pd.DataFrame, names: str | None, format: Format
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows with the columns of dataset.metadata if the model needs any, and notes."""
    if not model.lacking_beside(list(frame)):
        return frame, [f"{format.metadata} is not read: the model needs no column of it"]
    if names is None:
        raise UserError(
            f"{source} has no column '{model.id}' with the names of its rows, which"
            " dataset.metadata needs."
        )
    return with_metadata(frame, names, format)
