"""What the launchers do: compose the jobs, have them run, keep Hydra's record of each."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import (
    JobReturn,
    JobStatus,
    configure_log,
    run_job,
    setup_globals,
)
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from aeexp.config.compose import Composer
from aeexp.runs import Status
from aeexp.runs.task import Outcome
from hydra_plugins.aeexp_launcher.launchers import PopulationLauncher

Together = Callable[[Iterable[tuple[int, DictConfig]]], Iterator[Outcome]]


class JobFailedError(RuntimeError):
    """A job of a sweep failed; it has been recorded and told."""


def launched(
    launcher: PopulationLauncher, jobs: Mapping[int, Sequence[str]], together: Together | None
) -> Iterator[JobReturn]:
    """Launch jobs under their numbers, together if they can be; yield them as they end.

    What a job is composed to is large, and so not kept but made again when it has ended.
    """
    setup_globals()
    hydra = launcher.config.hydra
    configure_log(hydra.hydra_logging, hydra.verbose)
    Path(str(hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
    composer = Composer(launcher.context.config_loader, hydra.job.config_name)

    def composed(number: int) -> DictConfig:
        return _composed(launcher, composer, number, jobs[number])

    if together is None:
        yield from (_run(launcher, composed(each), launcher.task_function) for each in jobs)
    elif jobs:
        warned: set[str] = set()
        for outcome in together((number, composed(number)) for number in jobs):
            yield _concluded(launcher, composed(outcome.task.number), outcome, warned)


def _composed(
    launcher: PopulationLauncher, composer: Composer, number: int, overrides: Sequence[str]
) -> DictConfig:
    ours = OmegaConf.to_container(launcher.config.hydra.overrides.hydra)
    assert isinstance(ours, list)
    config = composer.compose([*ours, *overrides])
    OmegaConf.copy_cache(from_config=launcher.config, to_config=config)
    with read_write(config), open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(number), number
        config.hydra.runtime.output_dir = str(_folder(config))
    return config


def _folder(config: DictConfig) -> Path:
    """Return a job's directory, whose name may ask for the job's own part of Hydra."""
    saved = HydraConfig.instance().cfg
    try:
        HydraConfig.instance().cfg = cast("HydraConf", config)
        return (Path(config.hydra.sweep.dir) / str(config.hydra.sweep.subdir)).resolve()
    finally:
        HydraConfig.instance().cfg = saved


def _concluded(
    launcher: PopulationLauncher, config: DictConfig, outcome: Outcome, warned: set[str]
) -> JobReturn:
    """Let Hydra record a job that has ended, call its callbacks, and write its log."""

    def told(_config: DictConfig) -> str:
        for record in outcome.records:
            _log(record, warned)
        if outcome.status is Status.FAILED:
            raise JobFailedError(outcome.error)
        return outcome.status.value

    if outcome.final is not None:
        return _run(launcher, config, told)
    ended = JobReturn(
        overrides=list(config.hydra.overrides.task),
        cfg=config,
        status=JobStatus.COMPLETED,
        hydra_cfg=config,
    )
    ended.return_value = outcome.status.value
    if outcome.status is Status.FAILED:
        ended.status, ended.return_value = JobStatus.FAILED, JobFailedError(outcome.error)
    return ended


def _log(record: logging.LogRecord, warned: set[str]) -> None:
    """Write a record into the job's log; show it, too, unless another job's was the same."""
    message = record.getMessage()
    for handler in logging.getLogger().handlers:
        heard = isinstance(handler, logging.FileHandler) or message not in warned
        if heard and record.levelno >= handler.level:
            handler.handle(record)
    warned.add(message)


def _run(launcher: PopulationLauncher, config: DictConfig, task: Any) -> JobReturn:
    ended = run_job(
        hydra_context=launcher.context,
        task_function=task,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    configure_log(launcher.config.hydra.hydra_logging, launcher.config.hydra.verbose)
    return ended
