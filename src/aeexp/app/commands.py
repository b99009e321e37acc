"""What the command line does beside running experiments: look at a table, use a run again."""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from omegaconf import OmegaConf

from aeexp.config.spec import Backend, Format, Table
from aeexp.errors import UserError
from aeexp.text import printable

if TYPE_CHECKING:
    from aeexp.runs import Run

DIFFERS = 1


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = f"{self.prog}: {message}; see {self.prog} --help."
        raise UserError(message)


def command(words: list[str]) -> int:
    """Do what a command line says that begins with one of `COMMANDS`; return an exit code.

    Words such as dataset.separator=tab say how a file is read, as they do for a run.

    Raises:
        UserError: It cannot be done.
    """
    said = [word for word in words if word.startswith("dataset.") and "=" in word]
    arguments = _parser().parse_args([word for word in words if word not in said])
    arguments.said = [word.removeprefix("dataset.") for word in said]
    return arguments.do(arguments)


def _parser() -> ArgumentParser:
    parser = _Parser("aeexp", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, parser_class=_Parser)
    inspect = commands.add_parser("inspect", help="what is in a table, and the command to run")
    inspect.add_argument("file", type=Path, help="csv, tsv, parquet, feather, xlsx, npy or npz")
    inspect.set_defaults(do=_inspect)
    for name, (meaning, ending) in CONVERSIONS.items():
        convert = _of_run(commands, name, meaning)
        convert.add_argument("file", type=Path, help="a table with the columns that are needed")
        convert.add_argument("-o", dest="into", type=Path, help=f".csv or .parquet [FILE{ending}]")
        convert.set_defaults(do=_convert, conversion=name, ending=ending)
    verify = _of_run(commands, "verify", "run it again: does it come to the same numbers?")
    verify.set_defaults(do=_verify)
    return parser


CONVERSIONS = {
    "encode": ("latent factors of new rows, their errors and clusters", ".latents.csv"),
    "decode": ("factors back to the columns and units of the table", ".decoded.csv"),
    "reconstruct": ("new rows as the model reconstructs them", ".reconstructed.csv"),
}
COMMANDS = ("inspect", *CONVERSIONS, "verify")


def _of_run(commands: Any, name: str, meaning: str) -> ArgumentParser:
    parser = commands.add_parser(name, help=meaning, description=meaning)
    parser.add_argument("run", type=Path, help="the directory of a run")
    parser.add_argument("--backend", type=Backend, choices=list(Backend), help="[the run's own]")
    return parser


def _inspect(arguments: Namespace) -> int:
    from aeexp.data.io import inspect  # noqa: PLC0415  (imports pandas)

    sys.stdout.write(inspect(arguments.file, _format(arguments, Format())) + "\n")
    return 0


def _format(arguments: Namespace, known: Format) -> Format:
    """Return how a file is to be read: as is said, and else as is known."""
    named = {f.name: getattr(known, f.name) for f in fields(Format)}
    plain = OmegaConf.structured(Format(**named))
    format = OmegaConf.to_object(OmegaConf.merge(plain, OmegaConf.from_dotlist(arguments.said)))
    assert isinstance(format, Format)
    return format


def _as_in_training(arguments: Namespace, run: "Run") -> Format:
    """Return how the table of a run was read, if it is of the file's kind and was a file."""
    from aeexp.pipeline.experiment import load_experiment  # noqa: PLC0415

    if arguments.conversion == "decode" or run.record.get("specs", {}).get("dataset") != "Table":
        return Format()
    dataset = load_experiment(run).dataset
    assert isinstance(dataset, Table)
    alike = Path(dataset.path).suffix == arguments.file.suffix
    return dataset if alike else Format()


def _convert(arguments: Namespace) -> int:
    from aeexp.runs import Run, read_model  # noqa: PLC0415  (imports NumPy)

    run = Run(arguments.run)
    stored = read_model(run.folder)
    into = arguments.into or arguments.file.with_name(arguments.file.stem + arguments.ending)
    format = _format(arguments, _as_in_training(arguments, run))
    choose_installed(arguments.backend, run)
    from aeexp.app import convert  # noqa: PLC0415  (imports Keras)
    from aeexp.app.inference import FittedModel  # noqa: PLC0415

    conversion = getattr(convert, arguments.conversion)
    for line in conversion(FittedModel(stored), arguments.file, into, format):
        _say(line)
    return 0


def _verify(arguments: Namespace) -> int:
    from aeexp.pipeline.experiment import load_experiment  # noqa: PLC0415
    from aeexp.runs import Run  # noqa: PLC0415

    run = Run(arguments.run)
    experiment = load_experiment(run)
    choose_installed(arguments.backend, run)
    from aeexp.app.verify import verify  # noqa: PLC0415  (imports Keras)

    found = verify(run, experiment)
    for line in found.lines:
        _say(line)
    return 0 if found.same else DIFFERS


def _say(line: str) -> None:
    sys.stdout.write(f"{printable(line)}\n")


def choose_installed(backend: Backend | None, run: "Run") -> None:
    """Make Keras compute with the backend that is asked for, or a run's own if it is here."""
    from aeexp.backend import available_backend, choose, silence_stderr  # noqa: PLC0415

    choose(backend or available_backend(run.backend))
    with silence_stderr():
        import keras  # noqa: F401, PLC0415
