"""Opening a study, anew or where a sweep left it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna import Study, Trial
from optuna.distributions import check_distribution_compatibility
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from aeexp.errors import UserError
from aeexp.runs import Ledger, Run, Status
from hydra_plugins.aeexp_optuna._objectives import Objectives
from hydra_plugins.aeexp_optuna._options import Options, Sampler
from hydra_plugins.aeexp_optuna._outcome import judged, tell
from hydra_plugins.aeexp_optuna._space import Space

NAME = "aeexp"
JOURNAL = "journal:"


@contextmanager
def opened(folder: Path, options: Options, wanted: Objectives, space: Space) -> Iterator[Study]:
    """Give the study of a sweep's directory to go on with.

    Raises:
        UserError: It cannot be opened, or was begun with other objectives or choices.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = _storage(folder, options.storage)
    except (SQLAlchemyError, ImportError, OSError) as error:
        message = f"hydra.sweeper.storage cannot be opened: {' '.join(str(error).split())}"
        raise UserError(message) from error
    try:
        study = _study(storage, NAME if options.storage is None else str(folder.resolve()), wanted)
        _refuse_other_choices(study, space)
        _settle(study, folder, wanted.names)
        study.sampler = _sampler(options, len(study.trials))
        yield study
    finally:
        if isinstance(storage, RDBStorage):
            storage.remove_session()
            storage.engine.dispose()


def ended(study: Study) -> list[FrozenTrial]:
    """Return the trials whose jobs have ended, whatever came of them."""
    return [trial for trial in study.get_trials(deepcopy=False) if "status" in trial.user_attrs]


def unfinished(study: Study) -> list[Trial]:
    """Return the trials that were asked for and have not ended."""
    left = study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
    return [Trial(study, trial._trial_id) for trial in left]  # noqa: SLF001


def _storage(folder: Path, said: str | None) -> BaseStorage:
    if said is None:
        database = URL.create("sqlite", database=str(folder.resolve() / "study.db"))
        return RDBStorage(database.render_as_string())
    if said.startswith(JOURNAL):
        return JournalStorage(JournalFileBackend(said.removeprefix(JOURNAL)))
    return RDBStorage(said)


def _study(storage: BaseStorage, name: str, wanted: Objectives) -> Study:
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        directions=[StudyDirection[each.name.upper()] for each in wanted.directions],
        load_if_exists=True,
    )
    said = [[n, each.value] for n, each in zip(wanted.names, wanted.directions, strict=True)]
    begun = study.user_attrs.get("objectives", said)
    if begun != said:
        words = ", ".join(f"{direction} {objective}" for objective, direction in begun)
        message = f"sweep.objective: this sweep was begun to {words}; begin another sweep."
        raise UserError(message)
    study.set_user_attr("objectives", said)
    return study


def _sampler(options: Options, trials: int) -> BaseSampler:
    """Return a sampler that does not repeat, on resuming, what it drew for the first trials."""
    seed = (options.seed + trials) % 2**32
    if options.sampler is Sampler.random:
        return RandomSampler(seed)
    return TPESampler(seed=seed, constant_liar=True)  # the others of a batch are under way


def _refuse_other_choices(study: Study, space: Space) -> None:
    for trial in study.get_trials(deepcopy=False):
        for key in trial.distributions.keys() & space.searched.keys():
            try:
                check_distribution_compatibility(trial.distributions[key], space.searched[key])
            except ValueError as error:
                message = f"{key}: this sweep was begun with other choices; begin another sweep."
                raise UserError(message) from error


def _settle(study: Study, folder: Path, names: Sequence[str]) -> None:
    """End the trials whose jobs ended when the sweep was interrupted, by what these have left."""
    jobs = Ledger(folder).jobs()
    for trial in unfinished(study):
        job = jobs.get(trial.number)
        run = Run(folder / job.directory) if job and job.directory else None
        if run and run.status in {Status.COMPLETED, Status.DIVERGED, Status.FAILED}:
            tell(study, trial, judged(run, names))
