"""The Python interface: compose an experiment, run it, load a run."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aeexp.app.callbacks import Callback, CallbackTerminal
from aeexp.app.jobs import run_on_backend
from aeexp.app.outputs import find, link_latest
from aeexp.backend import available_backend, choose, require, running, silence_stderr
from aeexp.config.compose import compositions, to_experiment
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.sources import register
from aeexp.config.spec import Experiment, Format, Table
from aeexp.data.io import Sheet
from aeexp.data.io.arrangement import arrange
from aeexp.data.prepare import ProblemCache
from aeexp.data.table import sheet
from aeexp.data.table_layout import without_rows
from aeexp.errors import UserError
from aeexp.pipeline.experiment import configuration
from aeexp.present.html.run import report_page
from aeexp.runs import (
    Run,
    claim,
    read_model,
    refuse_links,
    save_run,
    subfolder,
    write_bytes,
)

if TYPE_CHECKING:
    from aeexp.app.inference import FittedModel


@dataclass(kw_only=True)
class Frame(Table):
    """A data frame in memory, and a hash of it."""

    same_as = Table
    frame: Any = field(repr=False, metadata={"meaning": "The data frame.", "bounds": {}})
    digest: str = field(metadata={"meaning": "Its hash.", "bounds": {}})


@sheet.register
def _(spec: Frame) -> Sheet:
    frame, notes = arrange(spec.frame, spec)
    index = (str(frame.columns[0]),) if spec.transpose or spec.pivot else ()
    return Sheet(frame, tuple(notes), index=index)


@dataclass(frozen=True)
class LoadedRun(Run):
    """A run: its directory, its tables as data frames, and its model for other rows.

    The model computes on the backend of this process if Keras has one, else on the run's own.
    """

    @property
    def latents(self) -> pd.DataFrame:
        """Return the factors, labels and clusters of each row."""
        return pd.DataFrame(self.table("latents")).apply(_numeric)

    @property
    def history(self) -> pd.DataFrame:
        """Return the losses, a row for each epoch."""
        return pd.DataFrame(self.table("history")).apply(_numeric)

    def encode(self, table: Any) -> pd.DataFrame:
        """Return the factors of the rows of a data frame; see `FittedModel.encode`.

        A frame that lacks columns of the model is first arranged as the table of the run was:
        transposed, made from its long form, or renamed.
        """
        return self._fitted.encode(self._arranged(table))

    def decode(self, factors: Any) -> pd.DataFrame:
        """Decode factors z1, z2, … to rows; see `FittedModel.decode`."""
        return self._fitted.decode(_pandas(factors))

    def reconstruct(self, table: Any) -> pd.DataFrame:
        """Return rows as the model reconstructs them, in original units."""
        return self._fitted.reconstruct(self._arranged(table))

    def _arranged(self, table: Any) -> pd.DataFrame:
        frame, stored = _pandas(table), self._fitted.stored
        if all(column.name in frame for column in stored.columns):
            return frame
        keys = ("transpose", "pivot", "rename")
        format = Format(**{key: stored.preprocessing.get(key) for key in keys})
        arranged, _ = arrange(frame, format)
        if format.transpose:
            drop = stored.preprocessing.get("drop", [])
            _, arranged = without_rows(drop, arranged, arranged.columns[0])
        is_named = format.transpose or format.pivot
        return arranged.set_index(arranged.columns[0]) if is_named else arranged

    @cached_property
    def _fitted(self) -> "FittedModel":
        stored = read_model(self.folder)
        choose(running() or available_backend(self.backend))
        with silence_stderr():
            from aeexp.app.inference import FittedModel  # noqa: PLC0415  (imports Keras)
        return FittedModel(stored)


def compose(*overrides: str) -> Experiment:
    """Return the experiment of a command line: `compose("model=deep", "seed=1")`.

    Raises:
        UserError, HydraException: The overrides are not valid.
    """
    register()
    (config,) = compositions(get_args_parser().parse_args(list(overrides)))
    return to_experiment(config)


def run(
    experiment: Experiment,
    table: Any = None,
    folder: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
) -> LoadedRun:
    """Run an experiment in a new directory, as the command line does, and load it.

    table: a pandas or polars data frame to learn from; the columns are described by the
    experiment's dataset=table. folder: gets a suffix if it exists; the default is
    outputs/<date>/<time>. callbacks: see `aeexp.Callback`.

    Raises:
        UserError: It is not possible; nothing was written.
    """
    if table is not None:
        experiment = replace(experiment, dataset=_in_memory(experiment, table))
    require(experiment.backend)
    problems = ProblemCache()
    problems.prepare(experiment)
    now = datetime.now().astimezone()
    wanted = folder or Path("outputs", f"{now:%Y-%m-%d/%H-%M-%S-%f}")
    directory = claim(Path(wanted).resolve())
    on_disk = _without_frame(experiment)
    write_bytes(subfolder(directory, ".hydra") / "config.yaml", configuration(on_disk))
    terminal = CallbackTerminal(callbacks, deepcopy(on_disk), directory)
    artifacts = partial(run_on_backend, experiment, terminal, problems)
    page = report_page(experiment, directory, problems)
    try:
        save_run(experiment, directory, artifacts, terminal, page)
    finally:
        link_latest(directory)
    return LoadedRun(directory)


def load_run(folder: str | Path) -> LoadedRun:
    """Return a run by its directory, by the start or end of its name, or `latest`.

    Raises:
        UserError: It has no run.json, or it has symbolic links.
    """
    loaded = LoadedRun(find(str(folder)))
    refuse_links(loaded.folder)
    if not loaded.record:
        raise UserError(f"{folder} is not the directory of a run: it has no run.json.")
    return loaded


def _in_memory(experiment: Experiment, table: Any) -> Frame:
    """Return the dataset of a data frame, with the other fields of the experiment's dataset."""
    dataset = experiment.dataset
    if not isinstance(dataset, Table):
        raise UserError("A data frame needs dataset=table, whose keys describe its columns.")
    frame, digest = _pandas(table), sha256()
    for name, cells in frame.items():
        hashable = cells.astype(str) if cells.dtype.kind == "O" else cells  # lists have no hash
        digest.update(str(name).encode(errors="surrogatepass"))
        digest.update(pd.util.hash_pandas_object(hashable).to_numpy().tobytes())
    values = {f.name: getattr(dataset, f.name) for f in fields(dataset)}
    path = dataset.path or "table"
    return Frame(**values | {"path": path}, frame=frame, digest=digest.hexdigest())


def _pandas(table: Any) -> pd.DataFrame:
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    renamed = frame.rename(columns=str)
    if not renamed.columns.is_unique:
        repeated = ", ".join(renamed.columns[renamed.columns.duplicated()].unique()[:5])
        raise UserError(f"The data frame has several columns of one name: {repeated}.")
    mixed = [name for name in renamed if renamed[name].dtype.kind == "O"]
    return renamed.assign(**{name: renamed[name].convert_dtypes() for name in mixed})


def _numeric(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a text column as numbers, unless it has names or labels that would change."""
    try:
        numbers = pd.to_numeric(column)
    except ValueError:
        return column
    is_name = str(column.name).partition(".")[0] in {"row", "label"}
    return column if is_name and list(map(str, numbers)) != list(column) else numbers


def _without_frame(experiment: Experiment) -> Experiment:
    """Return an experiment that can be written to a file: without a data frame."""
    dataset = experiment.dataset
    if not isinstance(dataset, Frame):
        return experiment
    values = {f.name: getattr(dataset, f.name) for f in fields(Table)}
    return replace(experiment, dataset=Table(**values))
