"""Does a run come to the same results when it is run again from its own record?"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import DatasetSpec, Experiment, NoFigures
from aeexp.config.spec import Table as TableSpec
from aeexp.data import Floats
from aeexp.pipeline.run import run as run_again
from aeexp.runs import BrokenFileError, Run, read_model
from aeexp.runs.artifact import (
    Artifact,
    DivergedError,
    Document,
    Metrics,
    Model,
    RunMetadata,
    Support,
    Table,
)
from aeexp.runs.write import as_json, cells

TOLERANCE = 1e-3
"""Of a number, relative to it, or to the spread of the column or array that it is in: machines sum
in different orders, and training magnifies that."""
NAMED = 8  # differences that are listed
NOT_COMPARED = "not compared: figures, report.html and the sentences of answer.json"


@dataclass(frozen=True)
class Verification:
    """same: whether all results are, within the tolerance. lines: that say so."""

    same: bool
    lines: list[str]


@dataclass
class Results:
    """What a run came to: metrics by name; tables as texts, documents and arrays by file name."""

    data_hash: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    tables: dict[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return how many there are of each."""
        size = sum(len(column) for table in self.tables.values() for column in table.values())
        return (
            f"{len(self.metrics)} metrics, {len(self.tables)} tables with {size:,} cells,"
            f" {len(self.documents)} documents, {sum(map(len, self.arrays.values()))} arrays"
        )


def verify(run: Run, experiment: Experiment) -> Verification:
    """Run an experiment again, without its figures, and compare what comes of it with the record.

    Raises:
        UserError: It cannot be run again, as its table is gone, say, or the record is broken.
    """
    again = _again(replace(experiment, figures=NoFigures(), dataset=_found(run, experiment)))
    recorded = _recorded(run, again)
    if again.data_hash != recorded.data_hash:
        line = "different: the table is not the one that the run was made with"
        return Verification(same=False, lines=[line])
    differing = [*_differing(recorded, again)]
    if not differing:
        same = f"the same: {again}, within {TOLERANCE:g} of each"
        return Verification(same=True, lines=[same, NOT_COMPARED])
    lines = [
        f"different: {len(differing)} results among {again}",
        *(f"  {d}" for d in differing[:NAMED]),
    ]
    if len(differing) > NAMED:
        lines.append(f"  and {len(differing) - NAMED} more")
    return Verification(same=False, lines=[*lines, NOT_COMPARED])


def _found(run: Run, experiment: Experiment) -> DatasetSpec:
    """Return the experiment's dataset; a file is looked for where the run found it."""
    dataset = experiment.dataset
    if isinstance(dataset, TableSpec):
        return replace(dataset, path=str(Path(run.record.get("cwd", "."), dataset.path)))
    return dataset


def _again(experiment: Experiment) -> Results:
    results = Results()
    try:
        for artifact in run_again(experiment):
            _add(artifact, results)
    except DivergedError:
        pass
    return results


def _add(artifact: Artifact, results: Results) -> None:
    match artifact:
        case RunMetadata(values=facts):
            results.data_hash = facts.get("data_hash", results.data_hash)
        case Metrics(values=metrics):
            results.metrics = metrics
        case Table(columns=columns):
            table = {name: [*map(_text, cells(column))] for name, column in columns.items()}
            results.tables[artifact.name] = table
        case Document(content=content):
            results.documents[artifact.name] = json.loads(as_json(content))
        case Model(weights=weights):
            results.arrays["weights"] = weights
        case Support(arrays=arrays):
            results.arrays["support"] = arrays


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _recorded(run: Run, again: Results) -> Results:
    """Return what the record of a run has of the results that running it again came to."""
    stored = read_model(run.folder) if again.arrays else None
    arrays = {"weights": stored.weights, "support": stored.support} if stored else {}
    return Results(
        data_hash=run.record.get("data_hash"),
        metrics=run.metrics,
        tables={name: _table(run, name) for name in again.tables},
        documents={name: run.document(name) for name in again.documents},
        arrays={name: arrays[name] for name in again.arrays},
    )


def _table(run: Run, name: str) -> Mapping[str, Sequence[str]]:
    try:
        return run.table(name)
    except BrokenFileError:
        return {}


def _differing(recorded: Results, again: Results) -> Iterator[str]:
    """Yield a text for each metric, column, document and array that differs."""
    yield from _compared(recorded.metrics, again.metrics, _of_metric, "{}")
    for name, table in again.tables.items():
        if recorded.tables[name]:
            named = f"table {name}, column {{}}"
            yield from _compared(recorded.tables[name], table, _of_column, named)
        else:
            yield f"table {name} is missing, or cannot be read"
    yield from _compared(recorded.documents, again.documents, _of_document, "{}.json")
    for name, arrays in again.arrays.items():
        yield from _compared(recorded.arrays[name], arrays, _of_array, f"model/{name}.npz, {{}}")


def _compared(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    difference: Callable[[Any, Any], str],
    named: str,
) -> Iterator[str]:
    """Yield the name of each thing that differs, and how.

    difference: returns nothing of two that are the same. named: how the name is told.
    """
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            yield f"{named.format(name)} is not recorded"
        elif name not in after:
            yield f"{named.format(name)} is recorded only"
        elif how := difference(before[name], after[name]):
            yield f"{named.format(name)}: {how}"


def _of_metric(before: float, after: float) -> str:
    same = _close(np.array([before]), np.array([after])).all()
    return "" if same else f"{before:.6g} recorded, {after:.6g} now"


def _of_column(before: Sequence[str], after: Sequence[str]) -> str:
    if len(before) != len(after):
        return f"{len(before):,} rows recorded, {len(after):,} now"
    numbers, now = _numbers(before), _numbers(after)
    if numbers is None or now is None:
        same = np.array([one == other for one, other in zip(before, after, strict=True)], bool)
    else:
        same = _close(numbers, now)
    return "" if same.all() else f"{np.count_nonzero(~same):,} of {len(same):,} cells"


def _of_array(before: NDArray[Any], after: Any) -> str:
    now = np.asarray(after)
    if before.shape != now.shape or before.dtype.kind != now.dtype.kind:
        return "of another shape or type"
    same = before == now if before.dtype.kind == "U" else _close(before, now)
    return "" if same.all() else f"{np.count_nonzero(~same):,} of {same.size:,} numbers"


def _of_document(before: Any, after: Any) -> str:
    return "" if _alike(before, after) else "other values"


def _alike(before: Any, after: Any) -> bool:
    """Return whether nested values are the same, but for sentences, which round what they tell."""
    match before, after:
        case dict(), dict():
            keys = (before.keys() | after.keys()) - {"sentence"}
            return all(k in before and k in after and _alike(before[k], after[k]) for k in keys)
        case list(), list():
            return len(before) == len(after) and all(map(_alike, before, after))
        case float(), float():
            return bool(_close(np.array([before]), np.array([after])).all())
    return before == after


def _numbers(texts: Sequence[str]) -> Floats | None:
    """Return texts as numbers, those that are empty as not a number; None if others are not."""
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return None


def _close(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which numbers are the same within the tolerance; not a number is itself."""
    known = before[np.isfinite(before)].astype(float)
    spread = float(known.std()) if known.size else 0.0
    slack = TOLERANCE * spread + 1e-9
    return np.isclose(after, before, rtol=TOLERANCE, atol=slack, equal_nan=True)
