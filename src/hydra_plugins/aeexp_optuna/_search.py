"""The search: sample a batch of trials, launch their jobs, record the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from optuna import Study, Trial
from optuna.trial import TrialState

from aeexp.errors import UserError
from aeexp.runs import Ledger, Run, Status
from aeexp.runs.write import write_json
from hydra_plugins.aeexp_launcher.grid import launch
from hydra_plugins.aeexp_launcher.launchers import number
from hydra_plugins.aeexp_optuna import _study
from hydra_plugins.aeexp_optuna._options import Objectives
from hydra_plugins.aeexp_optuna._space import Space

MAX_FAILED_BATCHES = 2  # a search stops if all trials of the first batches have failed


@dataclass(frozen=True)
class Search:
    """A search in a sweep's directory. The number of a trial is the number of its job."""

    folder: Path
    study: Study
    space: Space
    objectives: Objectives
    launcher: Launcher

    def run(self, n_trials: int, batch: int) -> list[Sequence[JobReturn]]:
        """Search until `n_trials` trials have ended; return the jobs of each batch.

        Trials that an interruption left unfinished run first.

        Raises:
            UserError: No run has the objective, or all trials of two batches have failed.
            KeyboardInterrupt: It was interrupted; recorded results remain.
        """
        returned = []
        if trials := _study.unfinished(self.study):
            returned.append(self._launch(trials))
        while (left := n_trials - len(_study.ended(self.study))) > 0:
            size = min(left, batch)
            trials = [self.study.ask(dict(self.space.searched)) for _ in range(size)]
            jobs = {trial.number: self.space.overrides(trial.params) for trial in trials}
            first = trials[0].number
            assert list(jobs) == list(range(first, first + size)), "another process samples, too"
            Ledger(self.folder).planned(jobs)
            returned.append(self._launch(trials))
            self._write_report()
            self._require_success(MAX_FAILED_BATCHES * batch)
        self._write_report()
        return returned

    def _launch(self, trials: list[Trial]) -> Sequence[JobReturn]:
        jobs = {trial.number: self.space.overrides(trial.params) for trial in trials}
        returned = sorted(launch(self.launcher, jobs), key=number)
        runs = [_run(job) for job in returned]
        if not self.study.get_trials(deepcopy=False, states=[TrialState.COMPLETE]):
            trained = [run for run in runs if run and run.status is not Status.DIVERGED]
            self.objectives.require_measured([run.metrics for run in trained])
        for trial, job, run in zip(trials, returned, runs, strict=True):
            if run and job.status is JobStatus.COMPLETED:
                _study.record(self.study, trial, run, self.objectives.names)
            else:
                _study.record_failure(self.study, trial, _error(job, run))
        return returned

    def _write_report(self) -> None:
        write_json(self.folder / "study.json", _study.report(self.study, self.objectives))

    def _require_success(self, enough: int) -> None:
        """Stop if `enough` trials have ended, and all of them have failed."""
        trials = _study.ended(self.study)
        if len(trials) >= enough and all(trial.state is TrialState.FAIL for trial in trials):
            error = trials[-1].user_attrs["error"]
            raise UserError(f"all {len(trials)} trials failed, the last: {error}")


def _run(job: JobReturn) -> Run | None:
    """Return the run of a job; None if the job failed before it had a directory."""
    config = job.hydra_cfg
    return Run(Path(config.hydra.runtime.output_dir)) if config is not None else None


def _error(job: JobReturn, run: Run | None) -> str:
    """Return the error of a failed job, from the record of its run or from Hydra."""
    if run and "error" in run.record:
        return str(run.record["error"])
    error = job._return_value  # noqa: SLF001  (return_value would raise it)
    if not isinstance(error, BaseException):
        return "its job did not return"
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"
