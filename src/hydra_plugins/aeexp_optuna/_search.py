"""The search: ask for a batch of trials, launch their jobs, tell what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from optuna import Study, Trial
from optuna.trial import TrialState

from aeexp.errors import UserError
from aeexp.runs import Ledger, Status
from aeexp.runs.write import write_json
from hydra_plugins.aeexp_launcher.grid import launched
from hydra_plugins.aeexp_launcher.launchers import number
from hydra_plugins.aeexp_optuna._objectives import Objectives
from hydra_plugins.aeexp_optuna._outcome import outcome, run_of, tell
from hydra_plugins.aeexp_optuna._report import report
from hydra_plugins.aeexp_optuna._space import Space
from hydra_plugins.aeexp_optuna._study import ended, unfinished

IN_VAIN = 2  # batches of failures only, after which no more are tried


@dataclass(frozen=True)
class Search:
    """A search in a sweep's directory; a trial's number is its job's."""

    folder: Path
    study: Study
    space: Space
    wanted: Objectives
    launcher: Launcher

    def until(self, n_trials: int, batch: int) -> list[Sequence[JobReturn]]:
        """Search until there have been so many trials; return what each batch came to.

        Raises:
            UserError: No run has the objective, or two batches of trials have all failed.
            KeyboardInterrupt: It was interrupted; what it knew by then is kept.
        """
        returned = []
        if interrupted := unfinished(self.study):
            returned.append(self._launch(interrupted))
        while (left := n_trials - len(ended(self.study))) > 0:
            returned.append(self._try(min(left, batch)))
            self._report()
            self._stop_in_vain(IN_VAIN * batch)
        self._report()
        return returned

    def _try(self, size: int) -> Sequence[JobReturn]:
        trials = [self.study.ask(dict(self.space.searched)) for _ in range(size)]
        jobs = {trial.number: self.space.words(trial.params) for trial in trials}
        first = trials[0].number
        assert list(jobs) == list(range(first, first + size)), "another process asks, too"
        Ledger(self.folder).planned(jobs)
        return self._launch(trials)

    def _launch(self, trials: list[Trial]) -> Sequence[JobReturn]:
        jobs = {trial.number: self.space.words(trial.params) for trial in trials}
        returned = sorted(launched(self.launcher, jobs), key=number)
        self._hear(trials, returned)
        return returned

    def _hear(self, trials: list[Trial], returned: Sequence[JobReturn]) -> None:
        if not self.study.get_trials(deepcopy=False, states=[TrialState.COMPLETE]):
            runs = [run for job in returned if (run := run_of(job))]
            ended = [run.metrics for run in runs if run.status is not Status.DIVERGED]
            self.wanted.refuse_unknown(ended)
        for trial, job in zip(trials, returned, strict=True):
            tell(self.study, trial, outcome(job, self.wanted.names))

    def _report(self) -> None:
        write_json(self.folder / "study.json", report(self.study, self.wanted))

    def _stop_in_vain(self, enough: int) -> None:
        trials = ended(self.study)
        if len(trials) >= enough and all(trial.state is TrialState.FAIL for trial in trials):
            message = (
                f"all {len(trials)} trials failed, the last: {trials[-1].user_attrs['error']}"
            )
            raise UserError(message)
