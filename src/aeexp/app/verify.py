"""Run an experiment again from its record and compare the results."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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


Result = tuple[str, str, str]
"""The key of a result: metric, table, document or array; its file, if any; its name in it."""
TITLES = {
    "metric": "{2}",
    "table": "table {1}, column {2}",
    "document": "{1}.json",
    "array": "model/{1}.npz, {2}",
}


@dataclass(frozen=True)
class Verification:
    """same: whether all results agree within the tolerance. lines: text for the terminal."""

    same: bool
    lines: list[str]


def verify(run: Run, experiment: Experiment) -> Verification:
    """Run an experiment again, without figures, and compare the results with the record.

    Raises:
        UserError: It cannot run again, for example because its table is gone.
    """
    dataset = experiment.dataset
    if isinstance(dataset, TableSpec):  # relative paths start in the run's working directory
        folder = run.record.get("cwd", ".")
        path, metadata = Path(folder, dataset.path), dataset.metadata
        about = None if metadata is None else str(Path(folder, metadata))
        dataset = replace(dataset, path=str(path), metadata=about)
    again, data_hash = _run_again(replace(experiment, figures=NoFigures(), dataset=dataset))
    recorded = _recorded(run, again)
    if data_hash != run.record.get("data_hash"):
        line = "different: the table is not the one that the run was made with"
        return Verification(same=False, lines=[line])
    differences = [*_differences(recorded, again)]
    counts = Counter(kind for kind, _, _ in again)
    size = sum(len(column) for (kind, _, _), column in again.items() if kind == "table")
    tables = len({file for kind, file, _ in again if kind == "table"})
    results = (
        f"{counts['metric']} metrics, {tables} tables with {size:,} cells,"
        f" {counts['document']} documents, {counts['array']} arrays"
    )
    if not differences:
        line = f"the same: {results}, within {TOLERANCE:g} of each"
        return Verification(same=True, lines=[line, NOT_COMPARED])
    lines = [f"different: {len(differences)} results among {results}"]
    lines += [f"  {difference}" for difference in differences[:MAX_LISTED]]
    if len(differences) > MAX_LISTED:
        lines.append(f"  and {len(differences) - MAX_LISTED} more")
    return Verification(same=False, lines=[*lines, NOT_COMPARED])


def _run_again(experiment: Experiment) -> tuple[dict[Result, Any], str | None]:
    """Return the results of an experiment, and the hash of its table."""
    results: dict[Result, Any] = {}
    data_hash = None
    with suppress(DivergedError):
        for artifact in run_again(experiment):
            match artifact:
                case RunMetadata(values=metadata):
                    data_hash = metadata.get("data_hash", data_hash)
                case Metrics(values=metrics):
                    results |= {("metric", "", name): value for name, value in metrics.items()}
                case Table(name=file, columns=columns):
                    for name, column in columns.items():
                        texts = ["" if cell is None else str(cell) for cell in cells(column)]
                        results["table", file, name] = texts
                case Document(name=file, content=content):
                    results["document", file, ""] = json.loads(as_json(content))
                case Model(weights=arrays):
                    results |= {("array", "weights", name): a for name, a in arrays.items()}
                case Support(arrays=arrays):
                    results |= {("array", "support", name): a for name, a in arrays.items()}
    return results, data_hash


def _recorded(run: Run, again: Iterable[Result]) -> dict[Result, Any]:
    """Return the recorded results, from the files that running it again has, too."""
    results: dict[Result, Any] = {("metric", "", name): v for name, v in run.metrics.items()}
    files = dict.fromkeys((kind, file) for kind, file, _ in again)
    stored = read_model(run.folder) if ("array", "weights") in files else None
    for kind, file in files:
        values: Mapping[str, Any] = {}
        match kind:
            case "table":
                with suppress(BrokenFileError):
                    values = run.table(file)
            case "document":
                values = {"": run.document(file)}
            case "array":
                values = getattr(stored, file)
        results |= {(kind, file, name): value for name, value in values.items()}
    return results


def _differences(recorded: Mapping[Result, Any], again: Mapping[Result, Any]) -> Iterator[str]:
    """Yield a line for each metric, column, document and array that differs."""
    readable = {file for kind, file, _ in recorded if kind == "table"}
    for file in dict.fromkeys(file for kind, file, _ in again if kind == "table"):
        if file not in readable:
            yield f"table {file} is missing, or cannot be read"
    for result in dict.fromkeys([*recorded, *again]):
        kind, file, _ = result
        title = TITLES[kind].format(*result)
        if result not in again:
            yield f"{title} is recorded only"
        elif result in recorded:
            if how := _difference(kind, recorded[result], again[result]):
                yield f"{title}: {how}"
        elif kind != "table" or file in readable:
            yield f"{title} is not recorded"


def _difference(kind: str, before: Any, after: Any) -> str:
    """Return how two results differ, "" if they agree."""
    match kind:
        case "metric":
            same = _close(np.array([before]), np.array([after]))
            how = f"{before:.6g} recorded, {after:.6g} now"
        case "document":
            same, how = np.array(_equal(before, after)), "other values"
        case "table":
            if len(before) != len(after):
                return f"{len(before):,} rows recorded, {len(after):,} now"
            numbers, numbers_now = _numbers(before), _numbers(after)
            if numbers is None or numbers_now is None:
                same = np.array(before, object) == np.array(after, object)
            else:
                same = _close(numbers, numbers_now)
            how = f"{np.count_nonzero(~same):,} of {len(same):,} cells"
        case _:
            after = np.asarray(after)
            if before.shape != after.shape or before.dtype.kind != after.dtype.kind:
                return "of another shape or type"
            same = before == after if before.dtype.kind == "U" else _close(before, after)
            how = f"{np.count_nonzero(~same):,} of {same.size:,} numbers"
    return "" if same.all() else how


def _equal(before: Any, after: Any) -> bool:
    """Return whether nested values agree, without sentences, which contain rounded numbers."""
    match before, after:
        case dict(), dict():
            keys = (before.keys() | after.keys()) - {"sentence", "short", "command"}
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
