"""The subcommands: inspect a table, apply a trained model to new rows, verify a run."""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from omegaconf import OmegaConf

from aeexp.config.spec import Backend, Format, Table
from aeexp.errors import UserError
from aeexp.text import printable

if TYPE_CHECKING:
    from aeexp.runs import Run

DIFFERS = 1
CONVERSIONS = {
    "encode": ("latent factors of new rows, their errors and clusters", ".latents.csv"),
    "decode": ("factors back to the columns and units of the table", ".decoded.csv"),
    "reconstruct": ("new rows as the model reconstructs them", ".reconstructed.csv"),
}
COMMANDS = ("inspect", *CONVERSIONS, "verify")


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
    commands = parser.add_subparsers(required=True, parser_class=_Parser)
    inspect = commands.add_parser("inspect", help="show a table, and the command to run")
    inspect.add_argument("file", type=Path, help="of a table: csv, xlsx, parquet, h5ad, mat, …")
    inspect.set_defaults(run_command=_inspect)
    for name, (meaning, ending) in CONVERSIONS.items():
        convert = _add_run_command(commands, name, meaning)
        convert.add_argument("file", type=Path, help="a table with the columns that are needed")
        convert.add_argument(
            "-o",
            dest="into",
            type=Path,
            help=f".csv, .parquet or, for encode, .h5ad [FILE{ending}]",
        )
        convert.set_defaults(run_command=_convert, conversion=name, ending=ending)
    verify = _add_run_command(commands, "verify", "run it again and compare the results")
    verify.set_defaults(run_command=_verify)
    return parser


def _add_run_command(commands: Any, name: str, meaning: str) -> ArgumentParser:
    parser = commands.add_parser(name, help=meaning, description=meaning)
    parser.add_argument("run", type=Path, help="the directory of a run")
    names = ", ".join(backend.value for backend in Backend)
    parser.add_argument(
        "--backend", type=Backend, metavar="BACKEND", help=f"{names} [the run's own]"
    )
    return parser


def _inspect(arguments: Namespace) -> int:
    from aeexp.data.inspect import inspect  # noqa: PLC0415  (imports pandas)

    sys.stdout.write(inspect(arguments.file, _format(arguments, Format())) + "\n")
    return 0


def _format(arguments: Namespace, default: Format) -> Format:
    """Return how to read a file: the defaults and the overrides."""
    values: Any = OmegaConf.structured(
        Format(**{f.name: getattr(default, f.name) for f in fields(Format)})
    )
    for override in arguments.overrides:
        key, _, text = override.partition("=")
        values = OmegaConf.merge(values, {key: _value(key, text)})
    format = OmegaConf.to_object(values)
    assert isinstance(format, Format)
    return format


def _value(key: str, text: str) -> Any:
    """Return a value as a run reads it, or as YAML, which also permits a query with a comma.

    Raises:
        UserError: It has a character of the grammar, such as #, without quotation marks.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser  # noqa: PLC0415
    from hydra.errors import HydraException  # noqa: PLC0415  (slow to import)

    try:
        (override,) = OverridesParser.create().parse_overrides([f"{key}={text}"])
        if text and not override.is_sweep_override():
            return override.value()
    except HydraException:
        pass
    try:
        return OmegaConf.from_dotlist([f"{key}={text}"])[key]
    except yaml.YAMLError as error:
        texts = "','".join(part.strip() for part in text.strip("[]").split(","))
        quoted = f"['{texts}']" if text.startswith("[") else f"'{text}'"
        raise UserError(
            f"dataset.{key}={text} cannot be parsed. Put texts with special characters in"
            f' quotation marks: "dataset.{key}={quoted}".'
        ) from error


def _training_format(arguments: Namespace, run: "Run") -> Format:
    """Return the format of the run's table; of another type of file, only what applies to all.

    The second file of the run is that of its own table: the rows of another file can have the same
    names and be other samples.
    """
    from aeexp.data.io.formats import GENERAL  # noqa: PLC0415  (imports pandas)
    from aeexp.pipeline.experiment import load_experiment  # noqa: PLC0415

    if arguments.conversion == "decode" or run.record.get("specs", {}).get("dataset") != "Table":
        return Format()
    dataset = load_experiment(run).dataset
    assert isinstance(dataset, Table)
    if Path(dataset.path).resolve() != arguments.file.resolve():
        dataset.metadata = None
    if Path(dataset.path).suffix == arguments.file.suffix:
        return dataset
    return Format(**{key: getattr(dataset, key) for key in GENERAL if key != "max_bytes"})


def _convert(arguments: Namespace) -> int:
    from aeexp.runs import Run, read_model  # noqa: PLC0415  (imports NumPy)

    run = Run(arguments.run)
    stored = read_model(run.folder)
    into = arguments.into or arguments.file.with_name(arguments.file.stem + arguments.ending)
    format = _format(arguments, _training_format(arguments, run))
    _import_keras(arguments.backend, run)
    from aeexp.app import convert  # noqa: PLC0415  (imports Keras)
    from aeexp.app.inference import FittedModel  # noqa: PLC0415

    conversion = getattr(convert, arguments.conversion)
    for line in conversion(FittedModel(stored), arguments.file, into, format):
        sys.stdout.write(f"{printable(line)}\n")
    return 0


def _verify(arguments: Namespace) -> int:
    from aeexp.pipeline.experiment import load_experiment  # noqa: PLC0415
    from aeexp.runs import Run  # noqa: PLC0415

    run = Run(arguments.run)
    experiment = load_experiment(run)
    _import_keras(arguments.backend, run)
    from aeexp.app.verify import verify  # noqa: PLC0415  (imports Keras)

    verification = verify(run, experiment)
    for line in verification.lines:
        sys.stdout.write(f"{printable(line)}\n")
    return 0 if verification.same else DIFFERS


def _import_keras(backend: Backend | None, run: "Run") -> None:
    """Import Keras with the requested backend, else the run's own if it is installed."""
    from aeexp.backend import available_backend, choose, silence_stderr  # noqa: PLC0415

    choose(backend or available_backend(run.backend))
    with silence_stderr():
        import keras  # noqa: F401, PLC0415
