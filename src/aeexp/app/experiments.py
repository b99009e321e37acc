"""Run the experiments of a command line: check every job, make a directory, let Hydra run them."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from aeexp.app.faults import FAILED, print_fault
from aeexp.app.outputs import link_latest
from aeexp.backend import require as require_backend
from aeexp.config.compose import compositions, for_hydra, spelled_out, to_experiment
from aeexp.config.hydra_private import VERSION, get_args_parser
from aeexp.config.objectives import Objectives
from aeexp.config.options import conf_dir
from aeexp.config.overrides import completed
from aeexp.config.quoting import quoted
from aeexp.errors import UserError

if TYPE_CHECKING:
    from aeexp.data.prepare import ProblemCache

EXIT = {"COMPLETED": 0, "DIVERGED": 3}
MAX_NAME = 255  # bytes, the limit of common file systems
REFUSALS = (UserError, HydraException, OmegaConfBaseException)


class FailedError(Exception):
    """Raised after a failed run has been recorded and its error printed."""


class JobRunner:
    """The function that Hydra calls with one job.

    problems: prepared data of earlier checks. verbose: whether a run prints all it knows.
    statuses: of the jobs that ran one by one in this process.
    """

    def __init__(self, problems: "ProblemCache | None" = None, *, verbose: bool = False) -> None:
        self.problems, self.verbose = problems, verbose
        self.statuses: list[str] = []

    def __call__(self, config: DictConfig) -> str:
        try:
            status = self.jobs.run_job(config, self.problems, verbose=self.verbose)
            self.statuses.append(status.value)
        except Exception as error:
            raise FailedError from error
        return self.statuses[-1]

    @property
    def jobs(self) -> Any:
        """The module whose functions aeexp's launchers call with all jobs of a sweep."""
        from aeexp.app import jobs  # noqa: PLC0415  (imports scikit-learn)

        return jobs


def run_experiments(arguments: Namespace, *, verbose: bool = False) -> int:
    """Run one experiment or a sweep, or let Hydra print their configuration.

    verbose: whether a run prints all it knows.
    """
    refuse_flags(arguments)
    if arguments.shell_completion:
        return _run_hydra()
    replace_overrides(arguments, completed(arguments))
    argv = sys.argv[1:]
    if not arguments.multirun:
        replace_overrides(arguments, spelled_out(arguments))
    if not trains(arguments):
        for _ in compositions(arguments):  # refuses code that Hydra would run to show the config
            pass
        return _run_hydra()
    folder, problems = _claim_directory(arguments)
    try:
        if arguments.multirun:
            return run_sweep(folder, argv)
        return _run_hydra(problems, verbose=verbose)
    except OSError as error:
        if str(folder) in str(error):
            raise
        raise OSError(f"{folder} cannot be written: {error}") from error
    finally:
        link_latest(folder)


def refuse_flags(arguments: Namespace) -> None:
    """Reject flags of Hydra that run code or leave out the options."""
    for flag, reason in {
        "experimental_rerun": "unpickles a file, which can run any code: type the command again",
        "config_path": "leaves out aeexp's own options: add yours with --config-dir",
    }.items():
        if getattr(arguments, flag):
            raise UserError(f"--{flag.replace('_', '-')} {reason}.")


def trains(arguments: Namespace) -> bool:
    """Return whether a command trains, and does not only print its configuration."""
    shows = (arguments.help, arguments.hydra_help, arguments.cfg, arguments.info)
    return not any((*shows, arguments.shell_completion))


def _run_hydra(problems: "ProblemCache | None" = None, *, verbose: bool = False) -> int:
    """Let Hydra run the command in `sys.argv`; return the worst exit code of its jobs."""
    job_runner = JobRunner(problems, verbose=verbose)
    hydra.main(config_path=str(conf_dir()), config_name="config", **VERSION)(job_runner)()
    return max((EXIT[status] for status in job_runner.statuses), default=0)


def run_sweep(folder: Path, argv: list[str]) -> int:
    """Run the missing jobs of the sweep in a directory; write its summary even after a failure."""
    from aeexp.runs import Ledger, locked, remove_leftovers  # noqa: PLC0415
    from aeexp.sweep.finalize import finalize  # noqa: PLC0415
    from aeexp.sweep.resume import require_ended  # noqa: PLC0415

    arguments = get_args_parser().parse_args()
    replace_overrides(arguments, for_hydra(arguments))
    with locked(folder):
        require_ended(folder)
        remove_leftovers(folder)
        Ledger(folder).begun(argv)
        try:
            _run_hydra()
        except KeyboardInterrupt:
            finalize([folder], folder)
            raise
        except REFUSALS:
            raise
        except Exception as error:  # noqa: BLE001  (a launcher failed; finished runs remain)
            print_fault(error)
            finalize([folder], folder)
            return FAILED
        return finalize([folder], folder)


def _claim_directory(arguments: Namespace) -> "tuple[Path, ProblemCache | None]":
    """Check the command, then make its output directory and add the path to `sys.argv`.

    Also returns the prepared data, so that a run does not load a large table twice; None for a
    sweep.

    Raises:
        UserError, HydraException: A job is not possible; nothing has been written.
    """
    config, problems = check(arguments)
    from aeexp.runs import claim  # noqa: PLC0415  (imports NumPy)

    key = "hydra.sweep.dir" if arguments.multirun else "hydra.run.dir"
    wanted = OmegaConf.select(config, key)
    try:
        folder = claim(Path(wanted).resolve())
    except OSError as error:
        raise UserError(
            f"{key}={wanted} cannot be made ({error.strerror}): choose another with {key}=…"
        ) from error
    insert(arguments, f"{key}={quoted(str(folder))}")
    return folder, None if arguments.multirun else problems


def replace_overrides(arguments: Namespace, overrides: list[str]) -> None:
    """Replace the overrides in `sys.argv` by those that Hydra composes."""
    if overrides == arguments.overrides:
        return
    start = next(
        place
        for place in range(1, len(sys.argv))
        if sys.argv[place : place + len(arguments.overrides)] == arguments.overrides
    )
    sys.argv[start : start + len(arguments.overrides)] = overrides
    arguments.overrides = overrides


def insert(arguments: Namespace, *overrides: str) -> None:
    """Insert overrides into `sys.argv` behind the last one.

    There they replace earlier ones, and argparse accepts overrides only in one block.
    """
    last = arguments.overrides[-1:] or sys.argv[-1:]
    place = len(sys.argv) - sys.argv[::-1].index(last[0])
    sys.argv[place:place] = overrides


def check(
    arguments: Namespace, require: Callable[[DictConfig], None] = lambda _config: None
) -> "tuple[DictConfig, ProblemCache]":
    """Check every job of a command; return the first configuration and the prepared data.

    require: an additional check of each configuration.
    """
    folders: set[Path] = set()
    first, problems, objectives = None, None, None
    for number, config in enumerate(compositions(arguments)):
        if config.hydra.mode is RunMode.MULTIRUN and not arguments.multirun:
            raise UserError(
                "hydra.mode=MULTIRUN: use --multirun instead, so that all jobs are checked."
            )
        require(config)
        experiment = to_experiment(config)
        require_backend(experiment.backend)
        from aeexp.data.prepare import ProblemCache  # noqa: PLC0415  (imports scikit-learn)

        problems = problems or ProblemCache()
        problem = problems.prepare(experiment)
        if arguments.multirun:
            objectives = objectives or Objectives(config)
            parts = [name for name, rows in problem.rows.parts.items() if len(rows)]
            objectives.seek(experiment, parts, folds=bool(problem.folds))
            folders.add(_job_folder(number, config, folders))
        first = first or config
    assert first is not None, "there is at least one job"
    assert problems is not None
    if objectives:
        objectives.require_found()
    return first, problems


def _job_folder(number: int, config: DictConfig, folders: set[Path]) -> Path:
    """Return the directory of a job, which must be in its sweep's and not yet in `folders`."""
    with read_write(config), open_dict(config):
        config.hydra.job.num, config.hydra.job.id = number, str(number)
    sweep = Path("/sweep")
    folder = Path(os.path.normpath(sweep / str(config.hydra.sweep.subdir)))
    can_be_made = str(folder).isprintable() and all(
        len(os.fsencode(name)) <= MAX_NAME for name in folder.parts
    )
    if folder in folders or sweep not in folder.parents or not can_be_made:
        raise UserError(
            f"hydra.sweep.subdir={config.hydra.sweep.subdir} must name a directory within"
            " hydra.sweep.dir, another for each job: leave it out, or use ${hydra.job.num}."
        )
    return folder
