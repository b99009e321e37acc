"""The Optuna study of a sweep: open or resume it, record trials, report them in study.json."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any
from warnings import catch_warnings, simplefilter

import optuna
from optuna import Study, Trial
from optuna.distributions import check_distribution_compatibility
from optuna.importance import get_param_importances
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from aeexp.config.spec import REPLICATIONS
from aeexp.errors import UserError
from aeexp.runs import Ledger, Run, Status
from hydra_plugins.aeexp_optuna._options import Objectives, Options, Sampler
from hydra_plugins.aeexp_optuna._space import Space

JOURNAL = "journal:"
ENDED = {Status.COMPLETED, Status.DIVERGED, Status.FAILED}
MIN_TRIALS = 8  # complete trials for importances


@contextmanager
def open_study(
    folder: Path, options: Options, objectives: Objectives, space: Space
) -> Iterator[Study]:
    """Create the study of a sweep's directory, or open it to resume it.

    The name of the study is the directory where sweeps share a storage.

    Raises:
        UserError: It cannot be opened, or has other objectives or choices.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = _storage(folder, options.storage)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise UserError(
            f"hydra.sweeper.storage cannot be opened: {' '.join(str(error).split())}"
        ) from error
    try:
        name = "aeexp" if options.storage is None else str(folder.resolve())
        study = _create_or_load(storage, name, objectives)
        _require_same_choices(study, space)
        _record_ended_jobs(study, folder, objectives.names, space)
        # a resumed sweep must not sample its first trials again
        seed = (options.seed + len(study.trials)) % 2**32
        sampler: BaseSampler = RandomSampler(seed)
        if options.sampler is Sampler.tpe:  # the liar: trials of a batch run at the same time
            sampler = TPESampler(seed=seed, constant_liar=True)
        study.sampler = sampler
        yield study
    finally:
        if isinstance(storage, RDBStorage):
            storage.remove_session()
            storage.engine.dispose()


def _storage(folder: Path, url: str | None) -> BaseStorage:
    if url is None:
        database = URL.create("sqlite", database=str(folder.resolve() / "study.db"))
        return RDBStorage(database.render_as_string())
    if url.startswith(JOURNAL):
        return JournalStorage(JournalFileBackend(url.removeprefix(JOURNAL)))
    return RDBStorage(url)


def _create_or_load(storage: BaseStorage, name: str, objectives: Objectives) -> Study:
    """Return the study with a name; a new one stores its objectives."""
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        directions=[StudyDirection[way.name.upper()] for way in objectives.directions],
        load_if_exists=True,
    )
    pairs = zip(objectives.names, objectives.directions, strict=True)
    wanted = [[objective, way.value] for objective, way in pairs]
    stored = study.user_attrs.get("objectives", wanted)
    if stored != wanted:
        goals = ", ".join(f"{way} {objective}" for objective, way in stored)
        raise UserError(
            f"sweep.objective: the sweep in this directory has to {goals}; start another."
        )
    study.set_user_attr("objectives", wanted)
    return study


def _require_same_choices(study: Study, space: Space) -> None:
    for trial in study.get_trials(deepcopy=False):
        if seeds := [key for key in REPLICATIONS if key in trial.distributions]:
            raise UserError(
                f"{seeds[0]}: the sweep in this directory, of an earlier version, searches for a"
                " seed; start another, where seeds are repeats."
            )
        for key in trial.distributions.keys() & space.searched.keys():
            try:
                check_distribution_compatibility(trial.distributions[key], space.searched[key])
            except ValueError as error:
                raise UserError(
                    f"{key}: the sweep in this directory has other choices; start another."
                ) from error


def _record_ended_jobs(study: Study, folder: Path, names: Sequence[str], space: Space) -> None:
    """End trials whose runs ended, but whose results were not recorded at an interruption."""
    jobs = Ledger(folder).jobs()
    for trial in unfinished(study):
        own = [jobs.get(number) for number in space.jobs(trial.number, {})]
        runs = [Run(folder / job.directory) for job in own if job and job.directory]
        if len(runs) == len(own) and all(run.status in ENDED for run in runs):
            record(study, trial, runs, names)


def ended(study: Study) -> list[FrozenTrial]:
    """Return the trials whose jobs have ended, in whatever state."""
    return [trial for trial in study.get_trials(deepcopy=False) if "status" in trial.user_attrs]


def unfinished(study: Study) -> list[Trial]:
    """Return the trials that were sampled and have not ended."""
    running = study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
    return [Trial(study, trial._trial_id) for trial in running]  # noqa: SLF001


def record(study: Study, trial: Trial, runs: Sequence[Run], names: Sequence[str]) -> None:
    """End a trial with the results of its runs, which differ in their seeds.

    The trial is COMPLETE if all objectives, `names`, are finite in all runs; their means count. It
    is PRUNED if a training diverged, so that TPE avoids its parameters. Otherwise it has FAILED.
    """
    statuses = [run.status for run in runs]
    incomplete = [run for run in runs if run.status is not Status.COMPLETED]
    values = [[run.metrics.get(name, math.nan) for run in runs] for name in names]
    undefined = [n for n, of in zip(names, values, strict=True) if not all(map(math.isfinite, of))]
    if Status.DIVERGED in statuses:
        trial.set_user_attr("status", Status.DIVERGED.value)
        study.tell(trial, state=TrialState.PRUNED)
    elif incomplete:
        error = str(incomplete[0].record.get("error", "its run did not complete"))
        record_failure(study, trial, error, incomplete[0].status)
    elif undefined:
        reason = f"{', '.join(undefined)}: undefined in its run"
        record_failure(study, trial, reason, Status.COMPLETED)
    else:
        trial.set_user_attr("status", Status.COMPLETED.value)
        study.tell(trial, [mean(of) for of in values])


def record_failure(study: Study, trial: Trial, error: str, status: Status = Status.FAILED) -> None:
    """End a trial as failed, with the status of its run and an error in one line."""
    trial.set_user_attr("status", status.value)
    trial.set_user_attr("error", " ".join(error.split()))
    study.tell(trial, state=TrialState.FAIL)


def report(study: Study, objectives: Objectives) -> dict[str, Any]:
    """Return the content of study.json.

    best: the numbers of the trials on the Pareto front; of one objective, of one best trial.
    importances: the importance of each parameter by PED-ANOVA (Watanabe et al., 2023,
    arXiv:2304.10255), for all objectives together; empty if the trials are too few or too similar.
    """
    best = sorted(trial.number for trial in study.best_trials)
    return {
        "objectives": list(objectives.names),
        "directions": [way.value for way in objectives.directions],
        "importances": _importances(study),
        "trials": [
            {
                "number": trial.number,
                "state": trial.state.name,
                "values": trial.values,
                "params": trial.params,
                "status": trial.user_attrs.get("status"),
            }
            for trial in study.get_trials(deepcopy=False)
        ],
        "best": best if len(study.directions) > 1 else best[:1],
    }


def _importances(study: Study) -> dict[str, float]:
    complete = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if len(complete) < MIN_TRIALS:
        return {}
    with catch_warnings():
        simplefilter("error", UserWarning)  # Optuna warns when it returns equal importances
        try:
            return get_param_importances(study)
        except UserWarning:
            return {}
