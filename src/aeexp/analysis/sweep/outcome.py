"""What became of each job of a sweep, as its ledger and its run's directory tell it."""

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
"""The metrics that answer a question other than that of structure, by what the answer is about."""


@dataclass(frozen=True)
class Outcome:
    """One run of a sweep.

    sweep: the directory of its sweep. said: the overrides that made it, by key. status: that of
    the ledger, or INCOMPLETE where it was not ended or not enough is left of it. reason: of any
    that is not complete, in one line, or empty.
    metrics: not a number where undefined. seconds: the run took, not a number if unknown.
    verdict: the word on its training. answers: claim and sentence by what they are about, of those
    `RECOMMENDED`. data: the hash of its table. folder: its directory, if it is there.
    """

    number: int
    sweep: Path
    said: Mapping[str, str]
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
        """Return whether its numbers count."""
        return self.status == Status.COMPLETED.value


def outcomes(sweep: Path) -> list[Outcome]:
    """Return what became of all jobs of a sweep, in their order.

    Raises:
        UserError: It is no sweep's directory.
    """
    ledger = Ledger(sweep)
    if not ledger.path.is_file():
        message = f"{sweep} is not the directory of a sweep: it has no {ledger.path.name}."
        raise UserError(message)
    return [_outcome(sweep, job) for job in ledger.jobs().values()]


def said(overrides: Sequence[str]) -> Mapping[str, str]:
    """Return the value of each override by its key: "+model=deep" says that model is deep.

    What is deleted ("~schedule") is said to be so.
    """
    pairs = (override.partition("=") for override in overrides)
    return {key.lstrip("+"): value if equals else "deleted" for key, equals, value in pairs}


def _outcome(sweep: Path, job: Job) -> Outcome:
    folder = None if job.directory is None else sweep / job.directory
    record, metrics, broken = _read(folder)
    status, reason = _fate(job, folder, broken)
    return Outcome(
        number=job.number,
        sweep=sweep,
        said=said(job.overrides),
        status=status.value,
        reason=one_line(reason),
        metrics=metrics,
        seconds=_number(_within(record, "seconds", "total")),
        verdict=one_line(str(_within(record, "verdict", "word") or "")),
        answers=_answers(folder),
        data=str(record.get("data_hash", "")),
        folder=folder if folder is not None and folder.is_dir() else None,
    )


def _fate(job: Job, folder: Path | None, broken: str) -> tuple[Status, str]:
    """Return status and reason. broken: what is wrong with the run's directory."""
    if job.status is None and folder and _is_running(folder):
        return Status.RUNNING, "not yet ended"
    if job.status is None:
        return Status.INCOMPLETE, "begun, but not ended" if job.directory else "not begun"
    if job.done and broken:
        return Status.INCOMPLETE, broken
    failed = job.status is Status.FAILED
    return job.status, job.error or (failed and "no reason was written down") or ""


def _is_running(folder: Path) -> bool:
    with suppress(OSError, ValueError):
        return Run(folder).status is Status.RUNNING
    return False


def _read(folder: Path | None) -> tuple[Mapping[str, Any], Mapping[str, float], str]:
    """Return record and metrics of a run, and what is wrong with them."""
    if folder is None:
        return {}, {}, "it has no directory"
    if not folder.is_dir():
        return {}, {}, f"its directory {folder.name} is missing"
    run, found, broken = Run(folder), [], ""
    for part, name in ("record", "run.json"), ("metrics", "metrics.json"):
        try:
            content = dict(getattr(run, part))
            problem = "" if content else f"{name} is missing or empty"
        except BrokenFileError as error:
            content, problem = {}, f"{name} {error.reason}"
        found.append(content)
        broken = broken or problem
    return found[0], found[1], broken


def _answers(folder: Path | None) -> Mapping[str, tuple[str, str]]:
    try:
        told = Run(folder).answer if folder else ()
        by = {each["about"]: (each["claim"], each["sentence"]) for each in told}
        return {about: by[about] for about in RECOMMENDED if about in by}
    except (OSError, ValueError):
        return {}


def _within(record: Mapping[str, Any], key: str, inner: str) -> Any:
    part = record.get(key)
    return part.get(inner) if isinstance(part, dict) else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else nan
