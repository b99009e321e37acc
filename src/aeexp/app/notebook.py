"""The Python interface: compose an experiment, run it, load a run."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from aeexp.app.callbacks import Callback, CallbackTerminal
from aeexp.app.jobs import run_on_backend
from aeexp.app.loaded_run import LoadedRun, data_frame
from aeexp.app.outputs import find, link_latest
from aeexp.backend import require
from aeexp.config.compose import compositions, to_experiment
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.sources import register
from aeexp.config.spec import Experiment, Table
from aeexp.data.io import Sheet
from aeexp.data.io.arrangement import arrange
from aeexp.data.prepare import ProblemCache
from aeexp.data.table.load import sheet
from aeexp.errors import UserError
from aeexp.pipeline.experiment import configuration
from aeexp.present.html.run import report_page
from aeexp.runs import (
    claim,
    refuse_links,
    save_run,
    subfolder,
    write_bytes,
)


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
    frame, digest = data_frame(table), sha256()
    for name, cells in frame.items():
        hashable = cells.astype(str) if cells.dtype.kind == "O" else cells  # lists have no hash
        digest.update(str(name).encode(errors="surrogatepass"))
        digest.update(pd.util.hash_pandas_object(hashable).to_numpy().tobytes())
    values = {f.name: getattr(dataset, f.name) for f in fields(dataset)}
    path = dataset.path or "table"
    return Frame(**values | {"path": path}, frame=frame, digest=digest.hexdigest())


def _without_frame(experiment: Experiment) -> Experiment:
    """Return an experiment that can be written to a file: without a data frame."""
    dataset = experiment.dataset
    if not isinstance(dataset, Frame):
        return experiment
    values = {f.name: getattr(dataset, f.name) for f in fields(Table)}
    return replace(experiment, dataset=Table(**values))
