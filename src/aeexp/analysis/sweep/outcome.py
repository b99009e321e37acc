"""The outcome of each job of a sweep, read from the ledger and the run directories."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from aeexp.errors import UserError
from aeexp.runs import BrokenFileError, Job, Ledger, Run, Status
from aeexp.text import one_line

RECOMMENDED = {
    "dimensions": ("dimensions.fewest", "dimensions.most"),
    "clusters": ("clusters.count",),
    "learning_rate": ("learning_rate.recommended",),
}
"""Metrics that other tasks than structure recommend, by `about` of answer.json."""


@dataclass(frozen=True)
class Outcome:
    """One run of a sweep.

    sweep: directory of the sweep. overrides: by key. status: of the ledger, or INCOMPLETE if the
    job did not end or its files are damaged. reason: one line if the run is not complete, else
    empty. metrics: NaN if undefined. seconds: duration, NaN if unknown. verdict: word on the
    training. answers: claim and sentence by `about`, of those in `RECOMMENDED`. data: hash of the
    table. folder: run directory, None if it is missing.
    """

    number: int
    sweep: Path
    overrides: Mapping[str, str]
    status: str
    reason: str
    metrics: Mapping[str, float]
    seconds: float
    verdict: str
    answers: Mapping[str, tuple[str, str]]
    data: str
    folder: Path | None

    @property
    def completed(self) -> bool:
        """Return whether the run is complete, so that its metrics can be compared."""
        return self.status == Status.COMPLETED.value


def outcomes(sweep: Path) -> list[Outcome]:
    """Return the outcomes of all jobs of a sweep, in order.

    Raises:
        UserError: `sweep` is not the directory of a sweep.
    """
    ledger = Ledger(sweep)
    if not ledger.path.is_file():
        raise UserError(f"{sweep} is not the directory of a sweep: it has no {ledger.path.name}.")
    return [_outcome(sweep, job) for job in ledger.jobs().values()]


def by_key(overrides: Sequence[str]) -> Mapping[str, str]:
    """Return the value of each override by its key: {"model": "deep"} for "+model=deep".

    The value of a deletion ("~schedule") is "deleted".
    """
    pairs = (override.partition("=") for override in overrides)
    return {key.lstrip("+"): value if equals else "deleted" for key, equals, value in pairs}


def _outcome(sweep: Path, job: Job) -> Outcome:
    folder = None if job.directory is None else sweep / job.directory
    record, metrics, broken = _read(folder)
    status, reason = _status(job, folder, broken)
    return Outcome(
        number=job.number,
        sweep=sweep,
        overrides=by_key(job.overrides),
        status=status.value,
        reason=one_line(reason),
        metrics=metrics,
        seconds=_number(_within(record, "seconds", "total")),
        verdict=one_line(str(_within(record, "verdict", "word") or "")),
        answers=_answers(folder),
        data=str(record.get("data_hash", "")),
        folder=folder if folder is not None and folder.is_dir() else None,
    )


def _status(job: Job, folder: Path | None, broken: str) -> tuple[Status, str]:
    """Return status and reason. broken: error in the files of the run, or ""."""
    if job.status is None and folder and _is_running(folder):
        return Status.RUNNING, "not yet ended"
    if job.status is None:
        return Status.INCOMPLETE, "begun, but not ended" if job.directory else "not begun"
    if job.done and broken:
        return Status.INCOMPLETE, broken
    failed = job.status is Status.FAILED
    return job.status, job.error or (failed and "no reason was recorded") or ""


def _is_running(folder: Path) -> bool:
    with suppress(OSError, ValueError):
        return Run(folder).status is Status.RUNNING
    return False


def _read(folder: Path | None) -> tuple[Mapping[str, Any], Mapping[str, float], str]:
    """Return record and metrics of a run, and the first error in them, or ""."""
    if folder is None:
        return {}, {}, "it has no directory"
    if not folder.is_dir():
        return {}, {}, f"its directory {folder.name} is missing"
    run, contents, broken = Run(folder), [], ""
    for part, name in ("record", "run.json"), ("metrics", "metrics.json"):
        try:
            content = dict(getattr(run, part))
            problem = "" if content else f"{name} is missing or empty"
        except BrokenFileError as error:
            content, problem = {}, f"{name} {error.reason}"
        contents.append(content)
        broken = broken or problem
    return contents[0], contents[1], broken


def _answers(folder: Path | None) -> Mapping[str, tuple[str, str]]:
    try:
        sentences = Run(folder).answer if folder else ()
        parts = {part["about"]: (part["claim"], part["sentence"]) for part in sentences}
        return {about: parts[about] for about in RECOMMENDED if about in parts}
    except (OSError, ValueError):
        return {}


def _within(record: Mapping[str, Any], key: str, inner: str) -> Any:
    part = record.get(key)
    return part.get(inner) if isinstance(part, dict) else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else nan
