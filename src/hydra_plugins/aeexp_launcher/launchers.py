"""Hydra's launchers for the jobs of a sweep: as populations, in processes, or on a cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from aeexp.errors import UserError

MODULE = "hydra_plugins.aeexp_launcher.launchers"


@dataclass
class Population:
    """Train jobs together in this process where possible, and report them on all cores."""

    _target_: str = f"{MODULE}.PopulationLauncher"


@dataclass
class Process:
    """Run each job in a process of its own.

    workers: processes at a time. null: the number of cores.
    """

    _target_: str = f"{MODULE}.ProcessLauncher"
    workers: int | None = None


@dataclass
class Ray:
    """Train jobs together on each node of a Ray cluster.

    address: of a running cluster; auto for the cluster of this machine. null: start a cluster of
    this machine alone.
    chunks: number of parts of the sweep. null: one per node.
    """

    _target_: str = f"{MODULE}.RayLauncher"
    address: str | None = None
    chunks: int | None = None


LAUNCHERS: dict[str, Any] = {"population": Population, "process": Process}
if find_spec("ray"):
    LAUNCHERS["ray"] = Ray
for name, node in LAUNCHERS.items():
    ConfigStore.instance().store(group="hydra/launcher", name=name, node=node, provider="aeexp")


class PopulationLauncher(Launcher):
    """Passes all jobs at once to a function in `jobs` of the task function.

    Task functions of other programs, without `jobs`, are called job by job.
    """

    config: DictConfig
    context: HydraContext
    task_function: TaskFunction

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.config, self.context, self.task_function = config, hydra_context, task_function

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        jobs = dict(enumerate(job_overrides, initial_job_idx))
        return sorted(self.launch_numbered(jobs), key=number)

    def launch_numbered(self, jobs: Mapping[int, Sequence[str]]) -> Iterator[JobReturn]:
        """Launch jobs by their numbers in the sweep; yield them as they end."""
        from hydra_plugins.aeexp_launcher import _core  # noqa: PLC0415

        return _core.run_jobs(self, jobs, self.run_all())

    def run_all(self) -> Any:
        """Return the function that runs all jobs; None if there is none."""
        jobs = getattr(self.task_function, "jobs", None)
        return jobs and jobs.run_as_population


class ProcessLauncher(PopulationLauncher):
    """Runs each job in a process of its own."""

    def __init__(self, workers: int | None) -> None:
        self.workers = workers

    def run_all(self) -> Any:
        _require_positive("workers", self.workers)
        jobs = getattr(self.task_function, "jobs", None)
        return jobs and (lambda configs: jobs.run_in_processes(configs, self.workers))


class RayLauncher(PopulationLauncher):
    """Trains chunks of jobs together, each on a node of a Ray cluster."""

    def __init__(self, address: str | None, chunks: int | None) -> None:
        self.address, self.chunks = address, chunks

    def run_all(self) -> Any:
        _require_positive("chunks", self.chunks)
        jobs = getattr(self.task_function, "jobs", None)
        return jobs and (lambda configs: jobs.run_on_ray(configs, self.address, self.chunks))


def number(job: JobReturn) -> int:
    """Return the number of a job in its sweep."""
    assert job.hydra_cfg is not None
    return int(job.hydra_cfg.hydra.job.num)


def _require_positive(name: str, value: int | None) -> None:
    if value is not None and value < 1:
        constraint = "must be at least 1 or null"
        raise UserError(constraint, field=f"hydra.launcher.{name}", value=value)
