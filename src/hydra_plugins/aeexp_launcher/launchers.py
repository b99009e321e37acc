"""Hydra's launchers for the jobs of a sweep: as populations here or on a cluster, or singly."""

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
    """Jobs that can train together do so in this process, and are reported on all cores."""

    _target_: str = f"{MODULE}.PopulationLauncher"


@dataclass
class Process:
    """Each job is a single run in a process of its own. workers: at a time; null is one a core."""

    _target_: str = f"{MODULE}.ProcessLauncher"
    workers: int | None = None


@dataclass
class Ray:
    """Jobs train together on each node of a Ray cluster.

    address: of the cluster to join, auto for the one that this machine is part of; null starts one
    of this machine. chunks: parts to make of the sweep; null is one a node.
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
    """Gives all jobs at once to a task function that can take them together.

    One that cannot is called job by job, as Hydra's basic launcher does.
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
        return sorted(self.launched(dict(enumerate(job_overrides, initial_job_idx))), key=number)

    def launched(self, jobs: Mapping[int, Sequence[str]]) -> Iterator[JobReturn]:
        """Launch jobs under the numbers they have in the sweep; yield them as they end."""
        from hydra_plugins.aeexp_launcher import _core  # noqa: PLC0415

        return _core.launched(self, jobs, self.together())

    def together(self) -> Any:
        """Return what takes all jobs at once, None if nothing does."""
        return getattr(self.task_function, "run_as_population", None)


def number(ended: JobReturn) -> int:
    """Return the number that a job has in its sweep."""
    assert ended.hydra_cfg is not None
    return int(ended.hydra_cfg.hydra.job.num)


def _refuse_below_one(name: str, value: int | None) -> None:
    if value is not None and value < 1:
        message = f"hydra.launcher.{name} must be at least 1 or null, got {value}."
        raise UserError(message)


class ProcessLauncher(PopulationLauncher):
    """Has each job run alone, in a process of its own."""

    def __init__(self, workers: int | None) -> None:
        self.workers = workers

    def together(self) -> Any:
        _refuse_below_one("workers", self.workers)
        run = getattr(self.task_function, "run_in_processes", None)
        return run and (lambda configs: run(configs, self.workers))


class RayLauncher(PopulationLauncher):
    """Has chunks of jobs train together, each on a node of a Ray cluster."""

    def __init__(self, address: str | None, chunks: int | None) -> None:
        self.address, self.chunks = address, chunks

    def together(self) -> Any:
        _refuse_below_one("chunks", self.chunks)
        run = getattr(self.task_function, "run_on_ray", None)
        return run and (lambda configs: run(configs, self.address, self.chunks))
