"""Hydra's grid of all combinations, which goes on after a job that failed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from omegaconf import OmegaConf

from aeexp.config.hydra_private import basic_sweeper
from hydra_plugins.aeexp_launcher.launchers import PopulationLauncher

if TYPE_CHECKING:
    from aeexp.runs import Job


@dataclass
class Grid:
    """Every combination of the values. max_batch_size: jobs launched at once; null is all."""

    _target_: str = "hydra_plugins.aeexp_launcher.grid.GridSweeper"
    max_batch_size: int | None = None
    params: dict[str, str] | None = None


ConfigStore.instance().store(group="hydra/sweeper", name="grid", node=Grid, provider="aeexp")


class GridSweeper(basic_sweeper.BasicSweeper):
    """Launches what is missing of a sweep: all of it, unless it is resumed.

    What is wrong with a job's words has been said before the sweep began, and what became of a job
    is in the sweep's ledger: no job is composed to see whether it can be, and none that fails
    keeps the others from being launched.
    """

    def sweep(self, arguments: list[str]) -> None:
        from aeexp.runs import Ledger, write_bytes  # noqa: PLC0415

        assert self.config is not None
        assert self.launcher is not None
        assert self.hydra_context is not None
        words = [f"{key}={value}" for key, value in self.params.items()] + arguments
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        batches = self.split_arguments(parser.parse_overrides(words), self.max_batch_size)
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / "multirun.yaml", OmegaConf.to_yaml(self.config).encode())
        ledger, first = Ledger(folder), 0
        known = ledger.jobs()
        for batch in batches:
            jobs = dict(enumerate(batch, first))
            first += len(batch)
            ledger.planned({number: job for number, job in jobs.items() if number not in known})
            missing = {n: job for n, job in jobs.items() if n not in known or not known[n].done}
            if not isinstance(self.launcher, PopulationLauncher):
                _make_room([known[n] for n in missing if n in known], folder)
            for _ in launched(self.launcher, missing):
                pass  # what it came to is in the ledger; kept, it would grow with the sweep


def launched(launcher: Launcher, jobs: Mapping[int, list[str]]) -> Iterator[JobReturn]:
    """Launch jobs under their numbers, by launchers that only know how to count, too."""
    if isinstance(launcher, PopulationLauncher):
        yield from launcher.launched(jobs)
        return
    for first, stretch in _stretches(jobs):
        yield from launcher.launch(stretch, initial_job_idx=first)


def _make_room(jobs: "list[Job]", sweep: Path) -> None:
    """Set aside what jobs left that did not end, which other launchers would write into."""
    from aeexp.runs import set_aside  # noqa: PLC0415

    for job in jobs:
        if job.directory:
            set_aside(sweep / job.directory)


def _stretches(jobs: Mapping[int, list[str]]) -> list[tuple[int, list[list[str]]]]:
    """Return jobs whose numbers follow each other, with the first of them."""
    stretches: list[tuple[int, list[list[str]]]] = []
    for number, job in jobs.items():
        if stretches and sum((stretches[-1][0], len(stretches[-1][1]))) == number:
            stretches[-1][1].append(job)
        else:
            stretches.append((number, [job]))
    return stretches
