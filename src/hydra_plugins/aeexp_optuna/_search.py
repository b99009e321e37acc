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
from hydra_plugins.aeexp_launcher.grid import is_missing, launch
from hydra_plugins.aeexp_launcher.launchers import number
from hydra_plugins.aeexp_optuna import _study
from hydra_plugins.aeexp_optuna._options import Objectives
from hydra_plugins.aeexp_optuna._space import Space

MAX_FAILED_BATCHES = 2  # a search stops if all trials of the first batches have failed


@dataclass(frozen=True)
class Search:
    """A search in a sweep's directory. Trials have as many jobs as there are repeats, in order."""

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
        returned: list[Sequence[JobReturn]] = []
        if lost := self._lost():
            returned.append(sorted(launch(self.launcher, lost), key=number))
        if trials := _study.unfinished(self.study):
            returned.append(self._launch(trials))
        while (left := n_trials - len(_study.ended(self.study))) > 0:
            size = min(left, batch)
            trials = [self.study.ask(dict(self.space.searched)) for _ in range(size)]
            first = trials[0].number
            numbers = [trial.number for trial in trials]
            assert numbers == list(range(first, first + size)), "another process samples, too"
            Ledger(self.folder).planned(self._jobs(trials))
            returned.append(self._launch(trials))
            self._write_report()
            self._require_success(MAX_FAILED_BATCHES * batch)
        self._write_report()
        return returned

    def _jobs(self, trials: list[Trial]) -> dict[int, list[str]]:
        several = (self.space.jobs(trial.number, trial.params) for trial in trials)
        return {number: job for jobs in several for number, job in jobs.items()}

    def _lost(self) -> dict[int, list[str]]:
        """Return the jobs of ended trials whose directory is gone; the results are recorded."""
        jobs = Ledger(self.folder).jobs()
        ended = {
            n for trial in _study.ended(self.study) for n in self.space.jobs(trial.number, {})
        }
        return {
            n: job.overrides
            for n, job in jobs.items()
            if n in ended and job.done and is_missing(self.folder, job)
        }

    def _launch(self, trials: list[Trial]) -> Sequence[JobReturn]:
        """Launch the jobs of trials that have not ended; record the trials."""
        earlier, jobs = Ledger(self.folder).jobs(), self._jobs(trials)
        finished = {
            n: Run(self.folder / str(earlier[n].directory))
            for n in jobs
            if n in earlier and not is_missing(self.folder, earlier[n])
        }
        missing = {n: job for n, job in jobs.items() if n not in finished}
        returned = sorted(launch(self.launcher, missing), key=number)
        ended = {number(job): job for job in returned}
        runs = finished | {n: _run(job) for n, job in ended.items()}
        if not self.study.get_trials(deepcopy=False, states=[TrialState.COMPLETE]):
            trained = [run for run in runs.values() if run and run.status is not Status.DIVERGED]
            self.objectives.require_measured([run.metrics for run in trained])
        for trial in trials:
            numbers = self.space.jobs(trial.number, trial.params)
            failed = [n for n in numbers if not _succeeded(runs[n], ended.get(n))]
            if failed:
                n = failed[0]
                _study.record_failure(self.study, trial, _error(ended[n], runs[n]))
            else:
                own = [run for n in numbers if (run := runs[n])]
                _study.record(self.study, trial, own, self.objectives.names)
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


def _succeeded(run: Run | None, job: JobReturn | None) -> bool:
    """Return whether a job returned, now or before the search was resumed."""
    return run is not None and (job is None or job.status is JobStatus.COMPLETED)


def _error(job: JobReturn, run: Run | None) -> str:
    """Return the error of a failed job, from the record of its run or from Hydra."""
    if run and "error" in run.record:
        return str(run.record["error"])
    error = job._return_value  # noqa: SLF001  (return_value would raise it)
    if not isinstance(error, BaseException):
        return "its job did not return"
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"
