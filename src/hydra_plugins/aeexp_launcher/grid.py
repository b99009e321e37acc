"""Hydra's sweeper over all combinations of values, which continues after failed jobs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from omegaconf import OmegaConf

from aeexp.config.combinations import combinations
from aeexp.config.hydra_private import basic_sweeper
from aeexp.errors import UserError
from hydra_plugins.aeexp_launcher.launchers import PopulationLauncher

if TYPE_CHECKING:
    from aeexp.runs import Job


@dataclass
class Grid:
    """Every combination of the values.

    max_batch_size: jobs launched at once. null: all.
    """

    _target_: str = "hydra_plugins.aeexp_launcher.grid.GridSweeper"
    max_batch_size: int | None = None
    params: dict[str, str] | None = None


ConfigStore.instance().store(group="hydra/sweeper", name="grid", node=Grid, provider="aeexp")


class GridSweeper(basic_sweeper.BasicSweeper):
    """Launches the jobs of a sweep; of a resumed sweep, the missing ones.

    It differs from Hydra's sweeper in three ways. It does not compose each job to validate it,
    because the command line has done so before. A failed job does not stop the sweep, because the
    ledger of the sweep has its status. And it returns no jobs: the ledger is the result, and
    keeping the configurations of all jobs would take much memory.
    """

    def sweep(self, arguments: list[str]) -> None:
        from aeexp.runs import Ledger, set_aside, write_bytes  # noqa: PLC0415

        assert self.config is not None
        assert self.launcher is not None
        assert self.hydra_context is not None
        overrides = [f"{key}={value}" for key, value in self.params.items()] + arguments
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        parsed = parser.parse_overrides(overrides)
        _require_lists(parsed)
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / "multirun.yaml", OmegaConf.to_yaml(self.config).encode())
        ledger = Ledger(folder)
        earlier = ledger.jobs()
        jobs = _numbered([*map(list, combinations(parsed))], earlier)
        size = self.max_batch_size or max(len(jobs), 1)
        for start in range(0, len(jobs), size):
            batch = dict(jobs[start : start + size])
            ledger.planned({n: job for n, job in batch.items() if n not in earlier})
            missing = {
                n: job
                for n, job in batch.items()
                if n not in earlier or is_missing(folder, earlier[n])
            }
            if not is_own(self.launcher):
                # other launchers would write into the directories of jobs that did not end
                for job in (earlier[n] for n in missing if n in earlier):
                    if job.directory:
                        set_aside(folder / job.directory)
            for _ in launch(self.launcher, missing):
                pass


def is_missing(folder: Path, job: "Job") -> bool:
    """Return whether a job of a sweep has no finished run, or its directory is gone."""
    return not (job.done and job.directory and (folder / job.directory).is_dir())


def _require_lists(overrides: Sequence[Override]) -> None:
    for override in overrides:
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise UserError(
                f"{override.input_line}: an interval needs a search, hydra/sweeper=aeexp_optuna;"
                " otherwise list its values."
            )


def _numbered(
    jobs: Sequence[list[str]], earlier: Mapping[int, "Job"]
) -> list[tuple[int, list[str]]]:
    """Return the jobs of a sweep with their numbers; those of a resumed sweep keep theirs."""
    numbers = {tuple(job.overrides): number for number, job in earlier.items()}
    others = count(max(earlier, default=-1) + 1)
    known = [numbers.get(tuple(job)) for job in jobs]
    return [(next(others) if n is None else n, job) for n, job in zip(known, jobs, strict=True)]


def launch(launcher: Launcher, jobs: Mapping[int, list[str]]) -> Iterator[JobReturn]:
    """Launch jobs by their numbers; yield them as they end.

    Launchers of other packages number jobs consecutively from a first number. They get each run of
    consecutive numbers in one call.
    """
    if is_own(launcher):
        yield from launcher.launch_numbered(jobs)
        return
    jobs = _spelled_out(launcher, jobs)
    # the difference of a number and its index is constant while numbers are consecutive
    for _, group in groupby(enumerate(jobs), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in group]
        yield from launcher.launch([jobs[n] for n in numbers], initial_job_idx=numbers[0])


def is_own(launcher: Launcher) -> TypeGuard[PopulationLauncher]:
    """Return whether a launcher is aeexp's, also if Hydra has imported its module again."""
    return hasattr(launcher, PopulationLauncher.launch_numbered.__name__)


def _spelled_out(launcher: Any, jobs: Mapping[int, list[str]]) -> dict[int, list[str]]:
    """Return the overrides of jobs as Hydra's own functions compose them.

    launcher: keeps the arguments of its `setup`, as those of Hydra do.
    """
    from aeexp.config.compose import Composer  # noqa: PLC0415
    from aeexp.config.swept import is_short  # noqa: PLC0415

    if not any(is_short(override) for overrides in jobs.values() for override in overrides):
        return dict(jobs)
    loader, name = launcher.hydra_context.config_loader, launcher.config.hydra.job.config_name
    composer = Composer(loader, name)
    return {number: composer.spelled_out(overrides) for number, overrides in jobs.items()}
