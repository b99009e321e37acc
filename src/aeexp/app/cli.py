"""The command line: arguments in, files and an exit code out."""

import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import hydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from aeexp.app.commands import COMMANDS, command
from aeexp.app.menu import menu
from aeexp.backend import cache_dir
from aeexp.backend import require as require_backend
from aeexp.config.compose import (
    compositions,
    for_hydra,
    jobs_of,
    quoted,
    spelled_out,
    to_experiment,
    with_null,
)
from aeexp.config.explain import explain
from aeexp.config.hydra_private import VERSION, get_args_parser
from aeexp.config.objectives import Objectives
from aeexp.config.options import conf_dir
from aeexp.config.sources import register
from aeexp.errors import UserError, trace
from aeexp.present.terminal.output import lossy_output
from aeexp.signals import Termination, end_with_parent
from aeexp.text import printable

if TYPE_CHECKING:
    from aeexp.data.prepare import ProblemCache

FAILED, REFUSED, INTERRUPTED = 1, 2, 130
EXIT = {"COMPLETED": 0, "DIVERGED": 3}
MAX_NAME = 255  # bytes, the limit of common file systems
MAX_MESSAGE = 400  # characters of an unexpected error
REFUSALS = (UserError, HydraException, OmegaConfBaseException)


class FailedError(Exception):
    """Raised after a failed run has been recorded and its error printed."""


class JobRunner:
    """The function that Hydra calls with one job.

    problems: prepared data of earlier checks. statuses: of the jobs that ran one by one in this
    process.
    """

    def __init__(self, problems: "ProblemCache | None" = None) -> None:
        self.problems = problems
        self.statuses: list[str] = []

    def __call__(self, config: DictConfig) -> str:
        try:
            self.statuses.append(self.jobs.run_job(config, self.problems).value)
        except Exception as error:
            raise FailedError from error
        return self.statuses[-1]

    @property
    def jobs(self) -> Any:
        """The module whose functions aeexp's launchers call with all jobs of a sweep."""
        from aeexp.app import jobs  # noqa: PLC0415  (imports scikit-learn)

        return jobs


def main() -> None:
    """Run the command line.

    Exits with 0 done, 1 failed, 2 refused, 3 diverged, 129 its terminal closed, 130 interrupted,
    143 terminated.
    """
    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises its errors instead of printing them
    os.umask(os.umask(0o077) | 0o002)  # other users must not be able to write the output
    # A resumed sweep may be in a stranger's directory: processes must not import modules from it.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    logging.raiseExceptions = False  # no traceback if a log file cannot be written
    end_with_parent()
    with lossy_output(), Termination() as termination:
        code = _exit_code(termination)
    sys.exit(code)


def _exit_code(termination: Termination) -> int:
    """Run the command in `sys.argv`; print an error in one line and return the exit code."""
    try:
        return _dispatch(sys.argv[1:])
    except KeyboardInterrupt:
        return termination.exit or INTERRUPTED
    except Exception as error:  # noqa: BLE001  (it is printed and its traceback saved)
        if os.environ.get("AEEXP_DEBUG") == "1":
            sys.stderr.write(printable(trace(error), keep="\n\t"))
        if isinstance(error, REFUSALS):
            sys.stderr.write(f"{explain(error)}\n")
            return REFUSED
        if not isinstance(error, FailedError):
            _print_fault(error)
        return FAILED


def _print_fault(error: Exception) -> None:
    """Print in one line an error that is not the user's, and the path of its traceback."""
    line = explain(error)
    if not isinstance(error, OSError):
        line = f"{type(error).__name__}: {shorten(line, MAX_MESSAGE)}"
    with suppress(OSError):
        from aeexp.runs import write_traceback  # noqa: PLC0415

        cache_dir().mkdir(parents=True, exist_ok=True)
        line += f" (see {write_traceback(cache_dir(), error)})"
    sys.stderr.write(f"{line}\n")


def _dispatch(argv: list[str]) -> int:
    """Run a subcommand, a sweep's resumption or comparison, or experiments."""
    if argv and argv[0] in COMMANDS:
        return command(argv)
    sys.argv[1:] = argv = [with_null(argument) for argument in argv]
    arguments = get_args_parser().parse_args()
    match arguments.overrides:
        case ["resume", folder, *repeated]:
            return _resume(Path(folder), repeated)
        case ["compare", *folders] if folders:
            return _compare([Path(folder) for folder in folders])
        case ["resume" | "compare" as name, *_]:
            raise UserError(
                f"aeexp {name}: name the directory of a sweep, outputs/multirun/<date>/<time>."
            )
    return _run_experiments(arguments, argv)


def _run_experiments(arguments: Namespace, argv: list[str]) -> int:
    """Run one experiment or a sweep, or print help."""
    _refuse_flags(arguments)
    if arguments.help:
        sys.stdout.write(menu())
        return 0
    if arguments.shell_completion:
        return _run_hydra()
    if not arguments.multirun:
        _spell_out(arguments)
    if not _trains(arguments):
        for _ in compositions(arguments):  # refuses code that Hydra would run to show the config
            pass
        return _run_hydra()
    folder, problems = _claim_directory(arguments)
    try:
        return _run_sweep(folder, argv) if arguments.multirun else _run_hydra(problems)
    except OSError as error:
        if str(folder) in str(error):
            raise
        raise OSError(f"{folder} cannot be written: {error}") from error


def _refuse_flags(arguments: Namespace) -> None:
    for flag, reason in {
        "experimental_rerun": "unpickles a file, which can run any code: type the command again",
        "config_path": "leaves out aeexp's own options: add yours with --config-dir",
    }.items():
        if getattr(arguments, flag):
            raise UserError(f"--{flag.replace('_', '-')} {reason}.")


def _trains(arguments: Namespace) -> bool:
    shows = (arguments.help, arguments.hydra_help, arguments.cfg, arguments.info)
    return not any((*shows, arguments.shell_completion))


def _run_hydra(problems: "ProblemCache | None" = None) -> int:
    """Let Hydra run the command in `sys.argv`; return the worst exit code of its jobs."""
    job_runner = JobRunner(problems)
    hydra.main(config_path=str(conf_dir()), config_name="config", **VERSION)(job_runner)()
    return max((EXIT[status] for status in job_runner.statuses), default=0)


def _run_sweep(folder: Path, argv: list[str]) -> int:
    """Run the missing jobs of the sweep in a directory; write its summary even after a failure."""
    from aeexp.runs import Ledger, locked, remove_leftovers  # noqa: PLC0415
    from aeexp.sweep.finalize import finalize  # noqa: PLC0415
    from aeexp.sweep.resume import require_ended  # noqa: PLC0415

    arguments = get_args_parser().parse_args()
    _replace(arguments, for_hydra(arguments))
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
            _print_fault(error)
            finalize([folder], folder)
            return FAILED
        return finalize([folder], folder)


def _resume(folder: Path, repeated: list[str]) -> int:
    """Run the missing jobs of a sweep that somebody else may have started.

    repeated: Hydra settings that the user repeats, and so trusts.
    """
    from aeexp.runs import Ledger, Run, refuse_links  # noqa: PLC0415
    from aeexp.sweep.resume import (  # noqa: PLC0415
        merge_arguments,
        require_own_settings,
        require_unchanged,
    )

    folder = folder.resolve()
    refuse_links(folder)
    ledger = Ledger(folder)
    argv = merge_arguments(ledger.arguments(), repeated)
    try:
        os.chdir(ledger.cwd())  # relative paths in the command start there
    except OSError as error:
        raise UserError(
            f"{ledger.path}: the sweep was started in {ledger.cwd()}, which cannot be entered"
            f" ({error.strerror}): make that directory, or start another sweep."
        ) from error
    sys.argv[1:] = argv
    _insert(get_args_parser().parse_args(), *repeated, f"hydra.sweep.dir={quoted(str(folder))}")
    arguments = get_args_parser().parse_args()
    if not arguments.multirun or not _trains(arguments):
        raise UserError(
            f"{ledger.path} does not record a --multirun command, so it cannot be resumed."
        )
    _refuse_flags(arguments)
    trusted = next(compositions(get_args_parser().parse_args(repeated)))
    _check(arguments, lambda config: require_own_settings(config, trusted, argv, folder))
    done = {number: job for number, job in ledger.jobs().items() if job.done}
    configs = jobs_of(arguments, [job.overrides for job in done.values()])
    for number, config in zip(done, configs, strict=True):
        require_unchanged(folder, number, Run(folder / str(done[number].directory)), config)
    return _run_sweep(folder, argv)


def _compare(folders: list[Path]) -> int:
    """Write one summary of several sweeps."""
    from aeexp.runs import Ledger, claim, refuse_links  # noqa: PLC0415
    from aeexp.sweep.finalize import finalize  # noqa: PLC0415

    for folder in folders:
        refuse_links(folder)
        Ledger(folder).arguments()  # refuses a directory without a sweep
    if len(folders) == 1:
        return finalize(folders, folders[0])
    now = datetime.now().astimezone()
    return finalize(folders, claim(Path(f"outputs/compare/{now:%Y-%m-%d/%H-%M-%S-%f}").resolve()))


def _claim_directory(arguments: Namespace) -> "tuple[Path, ProblemCache | None]":
    """Check the command, then make its output directory and add the path to `sys.argv`.

    Also returns the prepared data, so that a run does not load a large table twice; None for a
    sweep.

    Raises:
        UserError, HydraException: A job is not possible; nothing has been written.
    """
    config, problems = _check(arguments)
    from aeexp.runs import claim  # noqa: PLC0415  (imports NumPy)

    key = "hydra.sweep.dir" if arguments.multirun else "hydra.run.dir"
    wanted = OmegaConf.select(config, key)
    try:
        folder = claim(Path(wanted).resolve())
    except OSError as error:
        raise UserError(
            f"{key}={wanted} cannot be made ({error.strerror}): choose another with {key}=…"
        ) from error
    _insert(arguments, f"{key}={quoted(str(folder))}")
    return folder, None if arguments.multirun else problems


def _spell_out(arguments: Namespace) -> None:
    """Replace overrides in `sys.argv` that Hydra does not know; see `Composer.spelled_out`."""
    _replace(arguments, spelled_out(arguments))


def _replace(arguments: Namespace, overrides: list[str]) -> None:
    """Replace the overrides in `sys.argv`, which argparse accepts only in one block."""
    if overrides == arguments.overrides:
        return
    start = next(
        place
        for place in range(1, len(sys.argv))
        if sys.argv[place : place + len(arguments.overrides)] == arguments.overrides
    )
    sys.argv[start : start + len(arguments.overrides)] = overrides
    arguments.overrides = overrides


def _insert(arguments: Namespace, *overrides: str) -> None:
    """Insert overrides into `sys.argv` behind the last one.

    There they replace earlier ones, and argparse accepts overrides only in one block.
    """
    last = arguments.overrides[-1:] or sys.argv[-1:]
    place = len(sys.argv) - sys.argv[::-1].index(last[0])
    sys.argv[place:place] = overrides


def _check(
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
