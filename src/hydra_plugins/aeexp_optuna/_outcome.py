"""What became of a trial, by what its job left."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from optuna import Study, Trial
from optuna.trial import TrialState

from aeexp.runs import Run, Status


@dataclass(frozen=True)
class Outcome:
    """What a study hears of a trial.

    status: its run's; None if its job was never finished, so that it does not count as a trial.
    values: of the objectives, finite, where the trial is COMPLETE. error: in one line, where it
    is FAIL.
    """

    state: TrialState
    status: Status | None
    values: Sequence[float] | None = None
    error: str | None = None


def run_of(returned: JobReturn) -> Run | None:
    """Return the run of a job, if it came as far as to have a directory."""
    config = returned.hydra_cfg
    return Run(Path(config.hydra.runtime.output_dir)) if config is not None else None


def outcome(returned: JobReturn, names: Sequence[str]) -> Outcome:
    """Return what became of a trial whose job has come back."""
    run = run_of(returned)
    if returned.status is not JobStatus.COMPLETED or run is None:
        return Outcome(TrialState.FAIL, Status.FAILED, error=_error(returned, run))
    return judged(run, names)


def judged(run: Run, names: Sequence[str]) -> Outcome:
    """Return what a run means to a search; one that diverged is PRUNED, and so avoided.

    names: of the objectives.
    """
    status, metrics = run.status, run.metrics
    if status is Status.DIVERGED:
        return Outcome(TrialState.PRUNED, status)
    if status is not Status.COMPLETED:
        error = _line(run.record.get("error", "its run did not complete"))
        return Outcome(TrialState.FAIL, status, error=error)
    values = [metrics.get(name, math.nan) for name in names]
    if undefined := [n for n, v in zip(names, values, strict=True) if not math.isfinite(v)]:
        error = f"{', '.join(undefined)}: undefined in its run"
        return Outcome(TrialState.FAIL, status, error=error)
    return Outcome(TrialState.COMPLETE, status, values)


def tell(study: Study, trial: Trial, became: Outcome) -> None:
    """Tell a study what became of a trial, which ends it."""
    if became.status is not None:
        trial.set_user_attr("status", became.status.value)
    if became.error is not None:
        trial.set_user_attr("error", became.error)
    study.tell(trial, became.values, became.state)


def _error(returned: JobReturn, run: Run | None) -> str:
    if run is not None and "error" in run.record:
        return _line(run.record["error"])
    error = returned._return_value  # noqa: SLF001  (return_value would raise it)
    if not isinstance(error, BaseException):
        return "its job did not come back"
    cause = error.__cause__ or error
    return _line(f"{type(cause).__name__}: {cause}")


def _line(text: str) -> str:
    return " ".join(text.split())
