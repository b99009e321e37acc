"""The same runs from Python: compose an experiment, run it, load what it left."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aeexp.app.callbacks import Callback, Relay
from aeexp.app.jobs import run_on_backend
from aeexp.backend import available_backend, choose, require, running, silence_stderr
from aeexp.config.compose import compositions, to_experiment
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.sources import register
from aeexp.config.spec import Experiment, Table
from aeexp.data.frame import sheet
from aeexp.data.io import Sheet
from aeexp.data.prepare import Problems
from aeexp.errors import UserError
from aeexp.pipeline.experiment import configuration
from aeexp.present.html.run import report_page
from aeexp.runs import Run, claim, read_model, refuse_links, save_run, subfolder, write_bytes

if TYPE_CHECKING:
    from aeexp.app.inference import FittedModel


@dataclass(kw_only=True)
class Frame(Table):
    """A table in memory: a pandas or polars data frame, and a hash of it."""

    same_as = Table
    frame: Any = field(repr=False, metadata={"meaning": "The data frame.", "bounds": {}})
    digest: str = field(metadata={"meaning": "Its hash.", "bounds": {}})


@sheet.register
def _(spec: Frame) -> Sheet:
    return Sheet(spec.frame, ())


@dataclass(frozen=True)
class LoadedRun(Run):
    """A run's directory, its tables as data frames, and its model at work on other rows.

    The model computes on the backend that Keras runs on in this process, or on the run's own.
    """

    @property
    def latents(self) -> pd.DataFrame:
        """Return where each row lies: its factors, labels and clusters."""
        return pd.DataFrame(self.table("latents")).pipe(_numbers)

    @property
    def history(self) -> pd.DataFrame:
        """Return the losses, a row for each epoch."""
        return pd.DataFrame(self.table("history")).pipe(_numbers)

    def encode(self, table: Any) -> pd.DataFrame:
        """Return what the model makes of the rows of a data frame; see `FittedModel.encode`."""
        return self._fitted.encode(_pandas(table))

    def decode(self, factors: Any) -> pd.DataFrame:
        """Return the rows that factors z1, z2, … mean; see `FittedModel.decode`."""
        return self._fitted.decode(_pandas(factors))

    def reconstruct(self, table: Any) -> pd.DataFrame:
        """Return rows as the model reconstructs them, in original units."""
        return self._fitted.reconstruct(_pandas(table))

    @cached_property
    def _fitted(self) -> "FittedModel":
        stored = read_model(self.folder)
        choose(running() or available_backend(self.backend))
        with silence_stderr():
            from aeexp.app.inference import FittedModel  # noqa: PLC0415  (imports Keras)
        return FittedModel(stored)


def compose(*words: str) -> Experiment:
    """Return the experiment that words of a command line say: `compose("model=deep", "seed=1")`.

    Raises:
        UserError, HydraException: They say none.
    """
    register()
    (config,) = compositions(get_args_parser().parse_args(list(words)))
    return to_experiment(config)


def run(
    experiment: Experiment,
    table: Any = None,
    folder: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
) -> LoadedRun:
    """Run an experiment into a directory of its own, as the command line does, and load it.

    table: a pandas or polars data frame to learn from; the experiment's dataset=table then says
    what its columns are. folder: takes a suffix if it exists; by default it is
    outputs/<date>/<time>. callbacks: hear of the run as it goes; see `aeexp.Callback`.

    Raises:
        UserError: It cannot be done; nothing was written.
    """
    if table is not None:
        experiment = replace(experiment, dataset=_in_memory(experiment, table))
    require(experiment.backend)
    problems = Problems()
    problems.pose(experiment)
    taken = claim(Path(folder or _now()).resolve())
    write_bytes(subfolder(taken, ".hydra") / "config.yaml", configuration(_on_disk(experiment)))
    terminal = Relay(callbacks, deepcopy(_on_disk(experiment)), taken)
    yields = partial(run_on_backend, experiment, terminal, problems)
    save_run(experiment, taken, yields, terminal, report_page(experiment, taken, problems))
    return LoadedRun(taken)


def load_run(folder: str | Path) -> LoadedRun:
    """Return a run by its directory.

    Raises:
        UserError: There is no run.json in it, or it holds symbolic links.
    """
    found = LoadedRun(Path(folder))
    refuse_links(found.folder)
    if not found.record:
        message = f"{folder} is not the directory of a run: it has no run.json."
        raise UserError(message)
    return found


def _in_memory(experiment: Experiment, table: Any) -> Frame:
    dataset = experiment.dataset
    if not isinstance(dataset, Table):
        message = "A data frame needs dataset=table, whose keys say what its columns are."
        raise UserError(message)
    frame = _pandas(table)
    named = {f.name: getattr(dataset, f.name) for f in fields(dataset)}
    return Frame(**named | {"path": dataset.path or "table"}, frame=frame, digest=_digest(frame))


def _pandas(table: Any) -> pd.DataFrame:
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    named = frame.rename(columns=str)
    if not named.columns.is_unique:
        twice = ", ".join(named.columns[named.columns.duplicated()].unique()[:5])
        message = f"The data frame has several columns of one name: {twice}."
        raise UserError(message)
    mixed = [name for name in named if named[name].dtype.kind == "O"]
    return named.assign(**{name: named[name].convert_dtypes() for name in mixed})


def _digest(frame: pd.DataFrame) -> str:
    """Return what tells a table in memory from another."""
    digest = sha256()
    for name in frame:
        cells = frame[name]
        kept = cells.astype(str) if cells.dtype.kind == "O" else cells  # lists have no hash
        digest.update(name.encode(errors="surrogatepass"))
        digest.update(pd.util.hash_pandas_object(kept).to_numpy().tobytes())
    return digest.hexdigest()


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its numbers as numbers; names and labels stay as they are."""
    return table.apply(_number)


def _number(column: "pd.Series[Any]") -> "pd.Series[Any]":
    try:
        numbers = pd.to_numeric(column)
    except ValueError:
        return column
    named = str(column.name).partition(".")[0] in {"row", "label"}
    return column if named and list(map(str, numbers)) != list(column) else numbers


def _on_disk(experiment: Experiment) -> Experiment:
    """Return an experiment as it can be written down: without a table in memory."""
    dataset = experiment.dataset
    if not isinstance(dataset, Frame):
        return experiment
    named = {f.name: getattr(dataset, f.name) for f in fields(Table)}
    return replace(experiment, dataset=Table(**named))


def _now() -> Path:
    return Path("outputs", f"{datetime.now().astimezone():%Y-%m-%d/%H-%M-%S-%f}")
