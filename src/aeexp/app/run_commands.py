"""The commands on a run: apply its model to new rows, export its rows, reproduce it."""

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aeexp.app.ask import require_new
from aeexp.app.outputs import RECORD, directories, find, is_sweep
from aeexp.app.table_format import table_format
from aeexp.config.spec import Backend, Format, Table
from aeexp.errors import UserError
from aeexp.text import printable

if TYPE_CHECKING:
    import pandas as pd

    from aeexp.runs import Run

DIFFERS = 1


def convert(arguments: Namespace) -> int:
    """Encode, decode or reconstruct the rows of a file with the model of a run."""
    from aeexp.runs import read_model  # noqa: PLC0415  (imports NumPy)

    run = _run(arguments.run, f"{arguments.conversion} RUN FILE", arguments.file)
    stored = read_model(run.folder)
    into = arguments.into or arguments.file.with_name(arguments.file.stem + arguments.ending)
    if into.resolve() != arguments.file.resolve():  # else it is refused, whatever the user answers
        require_new(into, overwrite=arguments.overwrite)
    format = table_format(arguments.overrides, _training_format(arguments, run))
    _import_keras(arguments.backend, run)
    from aeexp.app import convert  # noqa: PLC0415  (imports Keras)
    from aeexp.app.inference import FittedModel  # noqa: PLC0415

    conversion = getattr(convert, arguments.conversion)
    if arguments.conversion == "encode":
        conversion = partial(conversion, keep=arguments.keep)
    for line in conversion(FittedModel(stored), arguments.file, into, format):
        sys.stdout.write(f"{printable(line)}\n")
    return 0


def sample(arguments: Namespace) -> int:
    """Write new rows that are drawn from a variational model."""
    from aeexp.runs import read_model  # noqa: PLC0415  (imports NumPy)

    run = _run(arguments.run, "sample RUN")
    stored = read_model(run.folder)
    into = arguments.into or Path(f"{run.folder.resolve().name}.samples.csv")
    require_new(into, overwrite=arguments.overwrite)
    _import_keras(arguments.backend, run)
    from aeexp.app.inference import FittedModel  # noqa: PLC0415  (imports Keras)

    table = FittedModel(stored).sample(arguments.count, arguments.seed)
    table.insert(0, "row", range(len(table)))
    return _write(table, into)


def verify(arguments: Namespace) -> int:
    """Repeat a run and compare the results."""
    from aeexp.pipeline.experiment import load_experiment  # noqa: PLC0415  (imports NumPy)

    run = _run(arguments.run, "verify RUN")
    experiment = load_experiment(run)
    _import_keras(arguments.backend, run)
    from aeexp.app.verify import verify  # noqa: PLC0415  (imports Keras)

    verification = verify(run, experiment)
    for line in verification.lines:
        sys.stdout.write(f"{printable(line)}\n")
    return 0 if verification.same else DIFFERS


def export(arguments: Namespace) -> int:
    """Write the factors, labels, clusters and reliability of a run's rows to another file."""
    from aeexp.app.loaded_run import LoadedRun  # noqa: PLC0415  (imports pandas)
    from aeexp.runs import refuse_links  # noqa: PLC0415

    run = LoadedRun(_run(arguments.run, "export RUN").folder)
    refuse_links(run.folder)
    table = run.latents
    if table.empty:
        raise UserError(f"{run.folder} has no latent factors: it is {run.status.value.lower()}.")
    ending = arguments.format or (arguments.into.suffix[1:] if arguments.into else "h5ad")
    into = arguments.into or Path(f"{run.folder.resolve().name}.latents.{ending}")
    if into.suffix != f".{ending}":
        raise UserError(f"{into} does not end in .{ending}, as --format={ending}.")
    require_new(into, overwrite=arguments.overwrite)
    return _write(table, into)


def _write(table: "pd.DataFrame", into: Path) -> int:
    """Write a table to a file, whole or not at all."""
    from aeexp.runs import rows  # noqa: PLC0415  (imports NumPy)

    with rows(into) as write:
        write({str(name): column for name, column in table.items()})
    sys.stdout.write(f"{len(table):,} rows: {printable(str(into))}\n")
    return 0


def _run(name: str, usage: str, file: Path | None = None) -> "Run":
    """Return the run with a name; see `outputs.find`.

    usage: of the command. file: its other argument, which may be the run instead.

    Raises:
        UserError: It is a file, a sweep, or a directory that has runs; the message has the remedy.
    """
    from aeexp.runs import Run  # noqa: PLC0415  (imports NumPy)

    folder, command = find(name), usage.partition(" ")[0]
    rest = f" {file}" if file else ""
    if folder.is_file():
        swapped = f" Did you mean aeexp {command} {file} {name}?" if file and file.is_dir() else ""
        raise UserError(f"{name} is a file, not a run: aeexp {usage}.{swapped}")
    if is_sweep(folder):
        jobs = sorted(path.parent.name for path in folder.glob(f"*/{RECORD}"))
        remedy = f"choose one of its runs, such as {folder / jobs[0]}" if jobs else "it has no run"
        raise UserError(f"{name} is the directory of a sweep: {remedy}.")
    if not (folder / RECORD).exists():
        inside = [path for path in directories(folder) if not is_sweep(path)]
        newest = f" The newest in it: aeexp {command} {inside[0]}{rest}" if inside else ""
        raise UserError(f"{name} is not the directory of a run: it has no {RECORD}.{newest}")
    return Run(folder)


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


def _import_keras(backend: Backend | None, run: "Run") -> None:
    """Import Keras with the requested backend, else the run's own if it is installed."""
    from aeexp.backend import available_backend, choose, silence_stderr  # noqa: PLC0415

    choose(backend or available_backend(run.backend))
    with silence_stderr():
        import keras  # noqa: F401, PLC0415
