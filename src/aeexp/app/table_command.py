"""Describe a table: `aeexp inspect data.csv`; `aeexp data.csv` also offers to train on it."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from aeexp.app.ask import confirmed
from aeexp.app.table_format import table_format
from aeexp.config.overrides import with_quotes
from aeexp.config.spec import Format

KEYS = {f"dataset.{f.name}" for f in fields(Format)}


def inspect(arguments: Namespace) -> int:
    """Print the description of a table and the command that trains on it."""
    from aeexp.data.inspect import inspect  # noqa: PLC0415  (imports pandas)

    sys.stdout.write(inspect(arguments.file, table_format(arguments.overrides, Format())) + "\n")
    return 0


def offer(file: Path, overrides: Sequence[str]) -> list[str]:
    """Describe a table, print the command that trains on it, and return its overrides.

    The list is empty unless the user answers on a terminal that the command should run.
    overrides: of the user; they replace those of the command with the same key.

    Raises:
        UserError: The file cannot be read.
    """
    from aeexp.data.inspect import describe  # noqa: PLC0415  (imports pandas)
    from aeexp.data.inspect.command import in_lines  # noqa: PLC0415

    of_file = [override for override in overrides if _key(override) in KEYS]
    remaining = [override for override in overrides if override not in of_file]
    format = table_format([o.removeprefix("dataset.") for o in of_file], Format())
    text, command = describe(file, format)
    _, *arguments = shlex.split(command.replace(" \\\n", " "))
    replaced = {_key(override) for override in remaining}
    arguments = [argument for argument in arguments if _key(argument) not in replaced]
    arguments += [with_quotes(override) for override in remaining]
    sys.stdout.write(f"{text}\n{in_lines(arguments)}\n\n")
    return arguments if confirmed("Run this command?", default=True) else []


def _key(override: str) -> str:
    return override.partition("=")[0]
