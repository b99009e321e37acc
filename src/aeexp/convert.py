"""Files of rows through the model of a run, part by part, into files."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from aeexp.names import short
from aeexp.reading import batches
from aeexp.reuse import NAMED, Encoded, Reuse
from aeexp.runs.rows import rows
from aeexp.spec import Format

ROWS = 65_536  # at once


@dataclass
class Tally:
    """How many rows there were, and why some lie outside of what the model knows."""

    rows: int = 0
    outside: int = 0
    unusual: int = 0
    beyond: Counter[str] = field(default_factory=Counter)

    def add(self, encoded: Encoded, features: tuple[str, ...]) -> None:
        """Count a part of the rows."""
        self.rows += len(encoded.table)
        self.outside += int((encoded.table["outside"] == True).sum())  # noqa: E712  (may be empty)
        self.unusual += encoded.unusual
        self.beyond.update({features[j]: int(n) for j, n in enumerate(encoded.beyond) if n})

    def told(self) -> Iterator[str]:
        """Yield one line that says how many rows lie outside, and why."""
        of_features = [f"{short(name)} in {n:,}" for name, n in self.beyond.most_common(NAMED)]
        more = f" and {len(self.beyond) - NAMED} more" if len(self.beyond) > NAMED else ""
        reasons = [f"beyond the training rows' range: {', '.join(of_features)}{more}"]
        reasons = reasons if of_features else []
        if self.unusual:
            reasons.append(f"a larger error than 99 % of the training rows: {self.unusual:,}")
        why = f" ({'; '.join(reasons)})" if reasons else ""
        yield f"{self.outside:,} of {self.rows:,} rows lie outside what the model learnt from{why}"


def encode(reuse: Reuse, source: Path, into: Path) -> Iterator[str]:
    """Write the factors of a file's rows and how they compare; yield what is to be told."""
    tally = Tally()

    def encoded(frame: pd.DataFrame) -> pd.DataFrame:
        part = reuse.encoded(frame)
        if reuse.support:
            tally.add(part, reuse.stored.features)
        return part.table

    yield from _converted(reuse, source, into, encoded)
    if reuse.support:
        yield from tally.told()
    else:
        yield "nothing says whether they lie outside: the run kept no model/support.npz"


def reconstruct(reuse: Reuse, source: Path, into: Path) -> Iterator[str]:
    """Write a file's rows as the model reconstructs them; yield what is to be told."""
    return _converted(reuse, source, into, reuse.reconstruct)


def decode(reuse: Reuse, source: Path, into: Path) -> Iterator[str]:
    """Write the rows that a file's factors mean; yield what is to be told."""
    return _converted(reuse, source, into, reuse.decode)


def _converted(
    reuse: Reuse, source: Path, into: Path, convert: Callable[[pd.DataFrame], pd.DataFrame]
) -> Iterator[str]:
    if source.resolve() == into.resolve():
        message = f"{into} is the file to read from: name another with -o."
        raise ValueError(message)
    first = 0
    with rows(into) as write:
        for frame in batches(source, Format(), ROWS):
            if not first:
                yield from _passed_over(reuse, list(frame))
            names = frame[reuse.id] if reuse.id in frame else first + np.arange(len(frame))
            write({reuse.id: names, **convert(frame)})
            first += len(frame)
    yield f"{first:,} rows: {into}"


def _passed_over(reuse: Reuse, columns: list[str]) -> Iterator[str]:
    if others := reuse.unknown(columns):
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        yield f"columns passed over: {', '.join(map(short, others[:NAMED]))}{more}"
