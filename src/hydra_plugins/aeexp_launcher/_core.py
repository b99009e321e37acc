"""Compose the jobs of a sweep, run them, and let Hydra record each of them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, configure_log, run_job, setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from aeexp.config.compose import Composer
from aeexp.runs import Status
from aeexp.runs.task import Outcome
from hydra_plugins.aeexp_launcher.launchers import PopulationLauncher

RunAll = Callable[[Iterable[tuple[int, DictConfig]]], Iterator[Outcome]]


class JobFailedError(RuntimeError):
    """A job failed; its error has been recorded and printed."""


def run_jobs(
    launcher: PopulationLauncher, jobs: Mapping[int, Sequence[str]], run_all: RunAll | None
) -> Iterator[JobReturn]:
    """Run jobs and yield them as they end.

    jobs: overrides by the number of the job.
    run_all: runs all jobs, in any order; None runs one job after another in this process.
    """
    setup_globals()
    hydra = launcher.config.hydra
    configure_log(hydra.hydra_logging, hydra.verbose)
    Path(str(hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
    composer = Composer(launcher.context.config_loader, hydra.job.config_name)

    def compose(number: int) -> DictConfig:
        return _compose(launcher, composer, number, jobs[number])

    if run_all is None:
        yield from (_run(launcher, compose(number), launcher.task_function) for number in jobs)
    elif jobs:
        shown: set[str] = set()
        for outcome in run_all((number, compose(number)) for number in jobs):
            # composed again: the configurations of all jobs would take much memory
            yield _record(launcher, compose(outcome.task.number), outcome, shown)


def _compose(
    launcher: PopulationLauncher, composer: Composer, number: int, overrides: Sequence[str]
) -> DictConfig:
    """Return the configuration of a job, with its number and directory."""
    of_hydra = OmegaConf.to_container(launcher.config.hydra.overrides.hydra)
    assert isinstance(of_hydra, list)
    config = composer.compose([*of_hydra, *overrides])
    OmegaConf.copy_cache(from_config=launcher.config, to_config=config)  # the time, ${now:…}
    saved = HydraConfig.instance().cfg
    with read_write(config), open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(number), number
        try:
            HydraConfig.instance().cfg = cast("HydraConf", config)  # for ${hydra:…} in the subdir
            folder = Path(config.hydra.sweep.dir) / str(config.hydra.sweep.subdir)
        finally:
            HydraConfig.instance().cfg = saved
        config.hydra.runtime.output_dir = str(folder.resolve())
    return config


def _record(
    launcher: PopulationLauncher, config: DictConfig, outcome: Outcome, shown: set[str]
) -> JobReturn:
    """Return a job that has ended, in Hydra's terms.

    A job that trained with others has no record of Hydra's yet. Hydra's `run_job` writes it, calls
    callbacks and opens the log of the job; the function that it runs here only logs and returns
    the outcome. A job in a process of its own already has this record.
    """

    def return_outcome(_config: DictConfig) -> str:
        for record in outcome.records:
            _log(record, shown)
        if outcome.status is Status.FAILED:
            raise JobFailedError(outcome.error)
        return outcome.status.value

    if outcome.final is not None:
        return _run(launcher, config, return_outcome)
    failed = outcome.status is Status.FAILED
    job = JobReturn(
        overrides=list(config.hydra.overrides.task),
        cfg=config,
        status=JobStatus.FAILED if failed else JobStatus.COMPLETED,
        hydra_cfg=config,
    )
    job.return_value = JobFailedError(outcome.error) if failed else outcome.status.value
    return job


def _log(record: logging.LogRecord, shown: set[str]) -> None:
    """Write a record to the log of its job, and to the terminal if it is new.

    shown: the messages on the terminal, which are often the same for many jobs.
    """
    message = record.getMessage()
    for handler in logging.getLogger().handlers:
        is_file = isinstance(handler, logging.FileHandler)
        if (is_file or message not in shown) and record.levelno >= handler.level:
            handler.handle(record)
    shown.add(message)


def _run(launcher: PopulationLauncher, config: DictConfig, task: Any) -> JobReturn:
    """Let Hydra run a task function as a job, and restore the log of the sweep."""
    job = run_job(
        hydra_context=launcher.context,
        task_function=task,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    configure_log(launcher.config.hydra.hydra_logging, launcher.config.hydra.verbose)
    return job
