"""Files of rows through the model of a run, part by part, into files."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aeexp.app.inference import Encoded, FittedModel
from aeexp.config.spec import Format
from aeexp.data.features import words
from aeexp.data.io import batches
from aeexp.errors import UserError
from aeexp.runs.rows import rows
from aeexp.text import few, short

ROWS = 65_536  # at once


@dataclass
class Tally:
    """How many rows were encoded, how many were not, and why some lie outside what it knows."""

    rows: int = 0
    empty: int = 0
    outside: int = 0
    unusual: int = 0
    beyond: Counter[str] = field(default_factory=Counter)

    def add(self, encoded: Encoded, features: tuple[str, ...]) -> None:
        """Count a part of the rows."""
        self.rows += int(encoded.table["outside"].count())
        self.empty += int(encoded.table["outside"].isna().sum())
        self.outside += int(encoded.table["outside"].sum())
        self.unusual += encoded.unusual
        self.beyond.update({features[j]: int(n) for j, n in enumerate(encoded.beyond) if n})

    def told(self) -> Iterator[str]:
        """Yield one line that says how many rows lie outside, and why."""
        reasons: list[str] = []
        if of_features := [f"{short(name)} in {n:,}" for name, n in self.beyond.most_common()]:
            reasons.append(f"beyond the training rows' range: {few(of_features)}")
        if self.unusual:
            reasons.append(f"a larger error than 99 % of the training rows: {self.unusual:,}")
        why = f" ({'; '.join(reasons)})" if reasons else ""
        yield f"{self.outside:,} of {self.rows:,} rows lie outside what the model learnt from{why}"
        if self.empty:
            yield f"{self.empty:,} more rows have missing cells, and are left empty"


def encode(reuse: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write the factors of a file's rows and how they compare; yield what is to be told."""
    tally = Tally()

    def encoded(frame: pd.DataFrame) -> pd.DataFrame:
        part = reuse.encoded(frame)
        if reuse.support:
            tally.add(part, reuse.stored.features)
        return part.table

    yield from _converted(reuse, source, into, format, encoded)
    if reuse.support:
        yield from tally.told()
    else:
        yield "nothing says whether they lie outside: the run kept no model/support.npz"


def reconstruct(reuse: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write a file's rows as the model reconstructs them; yield what is to be told."""
    return _converted(reuse, source, into, format, reuse.reconstruct)


def decode(reuse: FittedModel, source: Path, into: Path, format: Format) -> Iterator[str]:
    """Write the rows that a file's factors mean; yield what is to be told."""
    return _converted(reuse, source, into, format, reuse.decode)


def _converted(
    reuse: FittedModel,
    source: Path,
    into: Path,
    format: Format,
    convert: Callable[[pd.DataFrame], pd.DataFrame],
) -> Iterator[str]:
    if source.resolve() == into.resolve():
        message = f"{into} is the file to read from: name another with -o."
        raise UserError(message)
    first = 0
    with rows(into) as write:
        for frame in batches(source, format, ROWS):
            if not first:
                yield from _passed_over(reuse, list(frame))
            names = words(frame[reuse.id]) if reuse.id in frame else first + np.arange(len(frame))
            write({reuse.id: names, **_cells(convert(frame), into)})
            first += len(frame)
    yield f"{first:,} rows: {into}"


def _cells(table: pd.DataFrame, into: Path) -> Mapping[str, Any]:
    """Return columns as they are written; in text, cells that are missing are none."""
    if into.suffix == ".parquet":
        return dict(table)
    return dict(table.astype(object).where(table.notna(), None))


def _passed_over(reuse: FittedModel, columns: list[str]) -> Iterator[str]:
    if others := reuse.unknown(columns):
        yield f"columns passed over: {few([*map(short, others)])}"
