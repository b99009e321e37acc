"""The command line: arguments in, files and an exit code out."""

import logging
import os
import sys
from argparse import Namespace
from difflib import get_close_matches
from pathlib import Path

from aeexp import __version__
from aeexp.app.commands import COMMANDS, command
from aeexp.app.experiments import REFUSALS, FailedError, replace_overrides, run_experiments
from aeexp.app.faults import FAILED, print_fault
from aeexp.app.help import help_text
from aeexp.app.resume import compare, resume
from aeexp.app.table_command import offer
from aeexp.config.explain import explain
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.options import OPTIONS
from aeexp.config.sources import register
from aeexp.errors import UserError, trace
from aeexp.present.terminal.output import lossy_output
from aeexp.signals import Termination, end_with_parent
from aeexp.text import joined, printable

VERBOSE = {"-v", "--verbose"}
REFUSED, INTERRUPTED = 2, 130
ALL_COMMANDS = (*COMMANDS, "resume", "compare", "help", "version")


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
            print_fault(error)
        return FAILED


def _dispatch(argv: list[str]) -> int:
    """Run a subcommand, a sweep's resumption or comparison, or experiments."""
    if argv and argv[0] in COMMANDS:
        return command(argv)
    if text := _information(argv):
        sys.stdout.write(text)
        return 0
    verbose = not VERBOSE.isdisjoint(argv)  # Hydra does not know the flag
    sys.argv[1:] = [argument for argument in argv if argument not in VERBOSE]
    arguments = get_args_parser().parse_args()
    match arguments.overrides:
        case ["resume", folder, *repeated]:
            return resume(folder, repeated)
        case ["compare", *folders] if folders:
            return compare(folders)
        case ["resume" | "compare" as name, *_]:
            raise UserError(
                f"aeexp {name}: name the directory of a sweep, outputs/multirun/<date>/<time>."
            )
    for word in arguments.overrides:
        if "=" not in word and (not word.startswith("~") or word.startswith("~/")):
            return _train_on(word, arguments, verbose=verbose)
    return run_experiments(arguments, verbose=verbose)


def _information(argv: list[str]) -> str:
    """Return what --version or --help prints, and an empty text for other commands."""
    if argv[:1] == ["version"] or "--version" in argv:
        return f"aeexp {__version__}\n"
    if argv[:1] == ["help"] or {"--help", "-h"} & {*argv}:
        return help_text([word for word in argv if word != "help" and not word.startswith("-")])
    return ""


def _train_on(word: str, arguments: Namespace, *, verbose: bool) -> int:
    """Describe the file that a word names, and train on it if the user agrees.

    Raises:
        UserError: The word is no file.
    """
    file = Path(word).expanduser()
    is_path = file.suffix or len(file.parts) > 1
    if not is_path and not file.is_file():
        raise UserError(_unknown_word(word))
    others = [override for override in arguments.overrides if override != word]
    if arguments.multirun or not all("=" in override for override in others):
        raise UserError(f"{word}: a run has one table. Name it as dataset.path={word}.")
    if overrides := offer(file, others):
        replace_overrides(arguments, overrides)
        return run_experiments(arguments, verbose=verbose)
    return 0


def _unknown_word(word: str) -> str:
    """Return what a word without "=" may have meant."""
    if groups := [group for group, options in OPTIONS.items() if word in options]:
        return f"{word}: write {groups[0]}={word}."
    if close := get_close_matches(word, ALL_COMMANDS, 1):
        return f"{word}: there is no such command; did you mean {close[0]}?"
    return (
        f"{word} is no file, no command and no key=value. The commands are"
        f" {joined(ALL_COMMANDS)}. See aeexp --help."
    )
