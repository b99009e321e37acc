"""Run an experiment again from its record and compare the results."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import Experiment, NoFigures
from aeexp.config.spec import Table as TableSpec
from aeexp.data import Floats
from aeexp.pipeline.run import run as run_again
from aeexp.runs import BrokenFileError, Run, read_model
from aeexp.runs.artifact import (
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
"""Allowed difference of two numbers: relative to the number, or to the standard deviation of its
column or array. Machines sum in different orders, and training magnifies the difference."""
MAX_LISTED = 8  # differences
NOT_COMPARED = "not compared: figures, report.html and the sentences of answer.json"


@dataclass(frozen=True)
class Verification:
    """same: whether all results agree within the tolerance. lines: text for the terminal."""

    same: bool
    lines: list[str]


@dataclass
class Results:
    """The results of a run: metrics by name; tables of text, documents and arrays by file name."""

    data_hash: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    tables: dict[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the number of results of each type."""
        size = sum(len(column) for table in self.tables.values() for column in table.values())
        return (
            f"{len(self.metrics)} metrics, {len(self.tables)} tables with {size:,} cells,"
            f" {len(self.documents)} documents, {sum(map(len, self.arrays.values()))} arrays"
        )


def verify(run: Run, experiment: Experiment) -> Verification:
    """Run an experiment again, without figures, and compare the results with the record.

    Raises:
        UserError: It cannot run again, for example because its table is gone.
    """
    dataset = experiment.dataset
    if isinstance(dataset, TableSpec):  # relative paths start in the run's working directory
        path = Path(run.record.get("cwd", "."), dataset.path)
        dataset = replace(dataset, path=str(path))
    again = _run_again(replace(experiment, figures=NoFigures(), dataset=dataset))
    recorded = _recorded(run, again)
    if again.data_hash != recorded.data_hash:
        line = "different: the table is not the one that the run was made with"
        return Verification(same=False, lines=[line])
    differences = [*_differences(recorded, again)]
    if not differences:
        line = f"the same: {again}, within {TOLERANCE:g} of each"
        return Verification(same=True, lines=[line, NOT_COMPARED])
    lines = [f"different: {len(differences)} results among {again}"]
    lines += [f"  {difference}" for difference in differences[:MAX_LISTED]]
    if len(differences) > MAX_LISTED:
        lines.append(f"  and {len(differences) - MAX_LISTED} more")
    return Verification(same=False, lines=[*lines, NOT_COMPARED])


def _run_again(experiment: Experiment) -> Results:
    results = Results()
    with suppress(DivergedError):
        for artifact in run_again(experiment):
            match artifact:
                case RunMetadata(values=facts):
                    results.data_hash = facts.get("data_hash", results.data_hash)
                case Metrics(values=metrics):
                    results.metrics = metrics
                case Table(name=name, columns=columns):
                    results.tables[name] = {
                        key: ["" if cell is None else str(cell) for cell in cells(column)]
                        for key, column in columns.items()
                    }
                case Document(name=name, content=content):
                    results.documents[name] = json.loads(as_json(content))
                case Model(weights=weights):
                    results.arrays["weights"] = weights
                case Support(arrays=arrays):
                    results.arrays["support"] = arrays
    return results


def _recorded(run: Run, again: Results) -> Results:
    """Return the recorded results of a run that running it again also has."""
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


def _differences(recorded: Results, again: Results) -> Iterator[str]:
    """Yield a line for each metric, column, document and array that differs."""
    yield from _compare(recorded.metrics, again.metrics, _metric_difference, "{}")
    for name, table in again.tables.items():
        if recorded.tables[name]:
            title = f"table {name}, column {{}}"
            yield from _compare(recorded.tables[name], table, _column_difference, title)
        else:
            yield f"table {name} is missing, or cannot be read"
    yield from _compare(recorded.documents, again.documents, _document_difference, "{}.json")
    for name, arrays in again.arrays.items():
        title = f"model/{name}.npz, {{}}"
        yield from _compare(recorded.arrays[name], arrays, _array_difference, title)


def _compare(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    difference: Callable[[Any, Any], str],
    title: str,
) -> Iterator[str]:
    """Yield a line for each name with different values.

    difference: describes how two values differ, "" if they agree. title: a format of the name.
    """
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            yield f"{title.format(name)} is not recorded"
        elif name not in after:
            yield f"{title.format(name)} is recorded only"
        elif how := difference(before[name], after[name]):
            yield f"{title.format(name)}: {how}"


def _metric_difference(before: float, after: float) -> str:
    same = _close(np.array([before]), np.array([after])).all()
    return "" if same else f"{before:.6g} recorded, {after:.6g} now"


def _column_difference(before: Sequence[str], after: Sequence[str]) -> str:
    if len(before) != len(after):
        return f"{len(before):,} rows recorded, {len(after):,} now"
    numbers, numbers_now = _numbers(before), _numbers(after)
    if numbers is None or numbers_now is None:
        same = np.array([one == other for one, other in zip(before, after, strict=True)], bool)
    else:
        same = _close(numbers, numbers_now)
    return "" if same.all() else f"{np.count_nonzero(~same):,} of {len(same):,} cells"


def _array_difference(before: NDArray[Any], after: Any) -> str:
    now = np.asarray(after)
    if before.shape != now.shape or before.dtype.kind != now.dtype.kind:
        return "of another shape or type"
    same = before == now if before.dtype.kind == "U" else _close(before, now)
    return "" if same.all() else f"{np.count_nonzero(~same):,} of {same.size:,} numbers"


def _document_difference(before: Any, after: Any) -> str:
    return "" if _equal(before, after) else "other values"


def _equal(before: Any, after: Any) -> bool:
    """Return whether nested values agree, without sentences, which contain rounded numbers."""
    match before, after:
        case dict(), dict():
            keys = (before.keys() | after.keys()) - {"sentence"}
            return all(k in before and k in after and _equal(before[k], after[k]) for k in keys)
        case list(), list():
            return len(before) == len(after) and all(map(_equal, before, after))
        case float(), float():
            return bool(_close(np.array([before]), np.array([after])).all())
    return before == after


def _numbers(texts: Sequence[str]) -> Floats | None:
    """Return texts as numbers, NaN for empty ones; None if a text is not a number."""
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return None


def _close(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which numbers agree within the tolerance; NaN agrees with NaN."""
    finite = before[np.isfinite(before)].astype(float)
    sd = float(finite.std()) if finite.size else 0.0
    slack = TOLERANCE * sd + 1e-9
    return np.isclose(after, before, rtol=TOLERANCE, atol=slack, equal_nan=True)
