"""The subcommands: inspect a table, apply a trained model to new rows, verify a run."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any, NoReturn

from aeexp.app.run_commands import convert, export, sample, verify
from aeexp.app.run_list import list_runs, open_page
from aeexp.app.table_command import inspect
from aeexp.config.spec import Backend
from aeexp.errors import UserError

CONVERSIONS = {
    "encode": ("latent factors of new rows, their errors and clusters", ".latents.csv"),
    "decode": ("factors back to the columns and units of the table", ".decoded.csv"),
    "reconstruct": ("new rows as the model reconstructs them", ".reconstructed.csv"),
}
RUN = "the directory of a run, its start or end below outputs/, or latest"
COMMANDS = ("inspect", *CONVERSIONS, "sample", "export", "verify", "list", "open")


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message}; see {self.prog} --help.")


def command(argv: list[str]) -> int:
    """Run a command line that begins with one of `COMMANDS`; return an exit code.

    Overrides such as dataset.separator=tab set how a file is read, as they do for a run.

    Raises:
        UserError: It is not possible.
    """
    overrides = [word for word in argv if word.startswith("dataset.") and "=" in word]
    arguments = _parser().parse_args([word for word in argv if word not in overrides])
    arguments.overrides = [override.removeprefix("dataset.") for override in overrides]
    return arguments.run_command(arguments)


def _parser() -> ArgumentParser:
    parser = _Parser("aeexp", allow_abbrev=False)
    commands: Any = parser.add_subparsers(required=True, parser_class=_Parser)
    command = commands.add_parser("inspect", help="show a table, and the command to run")
    command.add_argument("file", type=_path, help="of a table: csv, xlsx, parquet, h5ad, mat, …")
    command.set_defaults(run_command=inspect)
    for name, (meaning, ending) in CONVERSIONS.items():
        command = _add_run_command(commands, name, meaning)
        command.add_argument("file", type=_path, help="a table with the columns that are needed")
        command.add_argument(
            "-o",
            dest="into",
            type=_path,
            help=f".csv, .parquet or, for encode, .h5ad [FILE{ending}]",
        )
        command.add_argument("--overwrite", action="store_true", help="replace an existing file")
        if name == "encode":
            command.add_argument(
                "--keep",
                type=_names,
                nargs="?",
                const=[],
                metavar="COLUMNS",
                help="copy labels and other columns of FILE; all, or those named: --keep=a,b",
            )
        command.set_defaults(run_command=convert, conversion=name, ending=ending)
    command = _add_run_command(commands, "sample", "new rows, drawn from a variational model")
    command.add_argument("-n", dest="count", type=_count, default=100, help="of rows [100]")
    command.add_argument("--seed", type=_count, default=0, help="of the draws [0]")
    command.add_argument("-o", dest="into", type=_path, help=".csv or .parquet [RUN.samples.csv]")
    command.add_argument("--overwrite", action="store_true", help="replace an existing file")
    command.set_defaults(run_command=sample)
    command = commands.add_parser("export", help="write the run's factors for another program")
    command.add_argument("run", help=RUN)
    command.add_argument("--format", choices=("h5ad", "parquet", "csv"), help="[h5ad]")
    command.add_argument("-o", dest="into", type=_path, help="[RUN.latents.h5ad]")
    command.add_argument("--overwrite", action="store_true", help="replace an existing file")
    command.set_defaults(run_command=export)
    command = _add_run_command(commands, "verify", "run it again and compare the results")
    command.set_defaults(run_command=verify)
    command = commands.add_parser("list", help="show runs and sweeps, the newest first")
    command.add_argument("folder", type=_path, nargs="?", default="outputs", help="[outputs]")
    command.add_argument("--all", action="store_true", help="also the older ones")
    command.set_defaults(run_command=list_runs)
    command = commands.add_parser("open", help="open a report or summary in the browser")
    command.add_argument("run", nargs="?", default="latest", help=f"{RUN} [latest]")
    command.set_defaults(run_command=open_page)
    return parser


def _names(text: str) -> list[str]:
    return text.split(",")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"must be a whole number of at least 0, got {text!r}")
    return int(text)


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _add_run_command(commands: Any, name: str, meaning: str) -> ArgumentParser:
    parser = commands.add_parser(name, help=meaning, description=meaning)
    parser.add_argument("run", help=RUN)
    names = ",".join(backend.value for backend in Backend)
    parser.add_argument("--backend", type=Backend, metavar=f"{{{names}}}", help="[the run's own]")
    return parser
