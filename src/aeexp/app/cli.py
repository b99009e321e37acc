"""The edge: argv in, files and exit codes out."""

import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import hydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from aeexp.app.commands import COMMANDS, command
from aeexp.app.menu import menu
from aeexp.backend import cache_dir
from aeexp.backend import require as require_backend
from aeexp.config.compose import compositions, quoted, to_experiment
from aeexp.config.explain import explain
from aeexp.config.hydra_private import VERSION, get_args_parser
from aeexp.config.options import conf_dir
from aeexp.config.sources import register
from aeexp.errors import UserError, trace
from aeexp.present.terminal.output import lossy_output
from aeexp.signals import Termination, end_with_parent
from aeexp.text import printable

if TYPE_CHECKING:
    from aeexp.app.jobs import Configs
    from aeexp.data.prepare import Problems
    from aeexp.runs import Ledger
    from aeexp.runs.task import Outcome

FAILED, REFUSED, INTERRUPTED = 1, 2, 130
EXIT = {"COMPLETED": 0, "DIVERGED": 3}
LONGEST_NAME = 255  # bytes that file systems take
SHORT = 400  # characters told of what broke
REFUSALS = (UserError, HydraException, OmegaConfBaseException)


class FailedError(Exception):
    """A run failed; it has been recorded and told."""


class Performance:
    """What Hydra calls to perform a job, and our launchers to perform many.

    problems: those that have been posed. statuses: of the jobs that were performed one by one, in
    this process.
    """

    def __init__(self, problems: "Problems | None" = None) -> None:
        self.problems = problems
        self.statuses: list[str] = []

    def __call__(self, config: DictConfig) -> str:
        from aeexp.app.jobs import run_job  # noqa: PLC0415  (imports scikit-learn)

        try:
            self.statuses.append(run_job(config, self.problems).value)
        except Exception as error:
            raise FailedError from error
        return self.statuses[-1]

    def run_as_population(self, configs: "Configs") -> "Iterator[Outcome]":
        """Perform jobs as few populations."""
        from aeexp.app.jobs import run_as_population  # noqa: PLC0415

        return run_as_population(configs)

    def run_in_processes(self, configs: "Configs", workers: int | None) -> "Iterator[Outcome]":
        """Perform jobs each in a process of its own, so many at a time."""
        from aeexp.app.jobs import run_in_processes  # noqa: PLC0415

        return run_in_processes(configs, workers)

    def run_on_ray(
        self, configs: "Configs", address: str | None, chunks: int | None
    ) -> "Iterator[Outcome]":
        """Perform jobs in chunks, each on a node of a cluster."""
        from aeexp.app.jobs import run_on_ray  # noqa: PLC0415

        return run_on_ray(configs, address, chunks)


def main() -> None:
    """Run the command line.

    Exits with 0 done, 1 failed, 2 refused, 3 diverged, 129 its terminal closed, 130 interrupted,
    143 terminated.
    """
    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra's errors come here instead of being printed
    os.umask(os.umask(0o077) | 0o002)  # nobody else may write what it writes
    # the processes that it starts import nothing from the working directory, which may be a
    # stranger's: that of a sweep that is resumed
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    logging.raiseExceptions = False  # a log that finds no room is no reason to print a traceback
    end_with_parent()
    with lossy_output(), Termination() as termination:
        code = _code(termination)
    sys.exit(code)


def _code(termination: Termination) -> int:
    """Do what is asked; return the exit code, having told what went wrong in one line."""
    try:
        return _answer(sys.argv[1:])
    except KeyboardInterrupt:
        return termination.exit or INTERRUPTED
    except Exception as error:  # noqa: BLE001  (it is told, and its traceback kept)
        if os.environ.get("AEEXP_DEBUG") == "1":
            sys.stderr.write(printable(trace(error), keep="\n\t"))
        if isinstance(error, REFUSALS):
            sys.stderr.write(f"{explain(error)}\n")
            return REFUSED
        if not isinstance(error, FailedError):
            _tell_fault(error)
        return FAILED


def _tell_fault(error: Exception) -> None:
    """Tell in one line of an error that is not the user's, and where its traceback is."""
    line = explain(error)
    if not isinstance(error, OSError):
        line = f"{type(error).__name__}: {shorten(line, SHORT)}"
    with suppress(OSError):
        from aeexp.runs import write_traceback  # noqa: PLC0415

        cache_dir().mkdir(parents=True, exist_ok=True)
        line += f" (see {write_traceback(cache_dir(), error)})"
    sys.stderr.write(f"{line}\n")


def _answer(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        return command(words)
    return _run(get_args_parser().parse_args(), words)


def _run(arguments: Namespace, words: list[str]) -> int:
    match arguments.overrides:
        case ["resume", folder, *again]:
            return _resume(Path(folder), again)
        case ["compare", *folders] if folders:
            return _compare([Path(folder) for folder in folders])
        case ["resume" | "compare" as word, *_]:
            message = (
                f"aeexp {word}: name the directory of a sweep, outputs/multirun/<date>/<time>."
            )
            raise UserError(message)
    _refuse_flags(arguments)
    if arguments.help:
        sys.stdout.write(menu())
        return 0
    if arguments.shell_completion:
        return _hydra()
    if not _trains(arguments):
        for _ in compositions(arguments):  # refuses what Hydra would run to show it
            pass
        return _hydra()
    folder, problems = _directory(arguments)
    with _named(folder):
        return _sweep(folder, words) if arguments.multirun else _hydra(problems)


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Name the directory that could not be written where the error does not say."""
    try:
        yield
    except OSError as error:
        if str(folder) in str(error):
            raise
        message = f"{folder} cannot be written: {error}"
        raise OSError(message) from error


def _refuse_flags(arguments: Namespace) -> None:
    for flag, instead in {
        "experimental_rerun": "which unpickles, and so runs any code: say the words once more",
        "config_path": "which leaves out aeexp's own options: add yours with --config-dir",
    }.items():
        if getattr(arguments, flag):
            message = f"--{flag.replace('_', '-')}, {instead}."
            raise UserError(message)


def _trains(arguments: Namespace) -> bool:
    asks = (arguments.help, arguments.hydra_help, arguments.cfg, arguments.info)
    return not any((*asks, arguments.shell_completion))


def _hydra(problems: "Problems | None" = None) -> int:
    """Hand argv over to Hydra; return the exit code of what it had performed one by one."""
    performance = Performance(problems)
    hydra.main(config_path=str(conf_dir()), config_name="config", **VERSION)(performance)()
    return max((EXIT[status] for status in performance.statuses), default=0)


def _sweep(folder: Path, words: list[str]) -> int:
    """Do what is missing of the sweep in a directory, and finalize it whatever happens."""
    from aeexp.runs import Ledger, locked, remove_leftovers  # noqa: PLC0415
    from aeexp.sweep.finalize import finalize  # noqa: PLC0415
    from aeexp.sweep.resume import require_ended  # noqa: PLC0415

    with locked(folder):
        require_ended(folder)
        remove_leftovers(folder)
        Ledger(folder).begun(words)
        try:
            _hydra()
        except KeyboardInterrupt:
            finalize([folder], folder)
            raise
        except REFUSALS:
            raise
        except Exception as error:  # noqa: BLE001  (a launcher broke; what it had run is there)
            _tell_fault(error)
            finalize([folder], folder)
            return FAILED
        return finalize([folder], folder)


def _resume(folder: Path, again: list[str]) -> int:
    """Finish a sweep, whose ledger may be a stranger's; again: settings that the user repeats."""
    from aeexp.runs import Ledger, refuse_links  # noqa: PLC0415
    from aeexp.sweep.resume import joined, require_own_settings  # noqa: PLC0415

    folder = folder.resolve()
    refuse_links(folder)
    ledger = Ledger(folder)
    words = joined(ledger.words(), again)
    _enter(ledger)
    sys.argv[1:] = words
    _insert(get_args_parser().parse_args(), *again, f"hydra.sweep.dir={quoted(str(folder))}")
    arguments = get_args_parser().parse_args()
    if not arguments.multirun or not _trains(arguments):
        message = f"{ledger.path} begins with words that begin no sweep: begin another."
        raise UserError(message)
    _refuse_flags(arguments)
    own = get_args_parser().parse_args(again)
    trusted = next(compositions(own))
    _checked(arguments, lambda config: require_own_settings(config, trusted, words, folder))
    return _sweep(folder, words)


def _enter(ledger: "Ledger") -> None:
    """Go to the directory in which a sweep was begun, from which its words name files."""
    try:
        os.chdir(ledger.cwd())
    except OSError as error:
        message = (
            f"{ledger.path}: the sweep was begun in {ledger.cwd()}, which cannot be entered"
            f" ({error.strerror}): make that directory, or begin another sweep."
        )
        raise UserError(message) from error


def _compare(folders: list[Path]) -> int:
    from aeexp.runs import Ledger, claim, refuse_links  # noqa: PLC0415
    from aeexp.sweep.finalize import finalize  # noqa: PLC0415

    for folder in folders:
        refuse_links(folder)
        Ledger(folder).words()  # refuses what is no sweep
    into = folders[0] if len(folders) == 1 else claim(_today().resolve())
    return finalize(folders, into)


def _directory(arguments: Namespace) -> "tuple[Path, Problems | None]":
    """Check all that is asked for, then make the directory for it and put it into argv.

    With it come the problems that were posed, lest a run load a large table twice; the runs of a
    sweep pose their own.

    Raises:
        UserError, HydraException: Something cannot be done; nothing has been written.
    """
    config, problems = _checked(arguments)
    from aeexp.runs import claim  # noqa: PLC0415  (imports NumPy)

    key = "hydra.sweep.dir" if arguments.multirun else "hydra.run.dir"
    wanted = OmegaConf.select(config, key)
    try:
        folder = claim(Path(wanted).resolve())
    except OSError as error:
        message = f"{key}={wanted} cannot be made ({error.strerror}): choose another with {key}=…"
        raise UserError(message) from error
    _insert(arguments, f"{key}={quoted(str(folder))}")
    return folder, None if arguments.multirun else problems


def _insert(arguments: Namespace, *words: str) -> None:
    """Put words behind the last override: later words win, and argparse wants them in one row."""
    last = arguments.overrides[-1:] or sys.argv[-1:]
    place = len(sys.argv) - sys.argv[::-1].index(last[0])
    sys.argv[place:place] = words


def _checked(
    arguments: Namespace, require: Callable[[DictConfig], None] = lambda _config: None
) -> "tuple[DictConfig, Problems]":
    """Refuse what cannot be done, job by job; return what the first is composed to.

    require: refuses a configuration for reasons of its own.
    """
    folders: set[Path] = set()
    first, problems = None, None
    for number, config in enumerate(compositions(arguments)):
        if config.hydra.mode is RunMode.MULTIRUN and not arguments.multirun:
            message = "hydra.mode=MULTIRUN: say --multirun instead, so that all jobs are checked."
            raise UserError(message)
        require(config)
        experiment = to_experiment(config)
        require_backend(experiment.backend)
        from aeexp.data.prepare import Problems  # noqa: PLC0415  (imports scikit-learn)

        problems = problems or Problems()
        problems.pose(experiment)
        if arguments.multirun:
            folders.add(_folder(number, config, folders))
        first = first or config
    assert first is not None, "there is at least one job"
    assert problems is not None
    return first, problems


def _folder(number: int, config: DictConfig, others: set[Path]) -> Path:
    """Return a job's directory in its sweep, which must not be left, nor shared by two jobs."""
    with read_write(config), open_dict(config):
        config.hydra.job.num, config.hydra.job.id = number, str(number)
    sweep = Path("/sweep")
    folder = Path(os.path.normpath(sweep / str(config.hydra.sweep.subdir)))
    if folder in others or sweep not in folder.parents or not _can_be_made(folder):
        message = (
            f"hydra.sweep.subdir={config.hydra.sweep.subdir} must name a directory within"
            " hydra.sweep.dir, another for each job: leave it out, or use ${hydra.job.num}."
        )
        raise UserError(message)
    return folder


def _can_be_made(folder: Path) -> bool:
    return str(folder).isprintable() and all(
        len(os.fsencode(name)) <= LONGEST_NAME for name in folder.parts
    )


def _today() -> Path:
    now = datetime.now().astimezone()
    return Path("outputs", "compare", f"{now:%Y-%m-%d}", f"{now:%H-%M-%S-%f}")
