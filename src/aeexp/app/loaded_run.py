"""A run in Python: its tables, figures and model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aeexp.backend import available_backend, choose, running, silence_stderr
from aeexp.config.spec import Format
from aeexp.data.io.arrangement import arrange
from aeexp.data.table.layout import without_rows
from aeexp.errors import UserError
from aeexp.present.html.notebook import StoredFigure, summary
from aeexp.runs import Run, read_model

if TYPE_CHECKING:
    from aeexp.app.inference import FittedModel


@dataclass(frozen=True)
class LoadedRun(Run):
    """A run: its directory, its tables as data frames, and its model for other rows.

    A notebook shows its answer, its main figure and its metrics. The model computes on the backend
    of this process if Keras has one, else on the run's own.
    """

    @property
    def latents(self) -> pd.DataFrame:
        """Return the factors, labels and clusters of each row."""
        return pd.DataFrame(self.table("latents")).apply(_numeric)

    @property
    def history(self) -> pd.DataFrame:
        """Return the losses, a row for each epoch."""
        return pd.DataFrame(self.table("history")).apply(_numeric)

    @property
    def evidence(self) -> pd.DataFrame:
        """Return each number with its null distribution and p-value; empty without evidence."""
        return pd.DataFrame(self.table("evidence")).apply(_numeric)

    @property
    def figures(self) -> Mapping[str, StoredFigure]:
        """Return the figures by name, such as `latent`; a notebook displays each."""
        files = sorted((self.folder / "figures").glob("*.*"))
        return {path.stem: StoredFigure(path) for path in files}

    @property
    def report(self) -> Path | None:
        """Return the path of report.html; None with figures=none or after a failure."""
        path = self.folder / "report.html"
        return path if path.is_file() else None

    def _repr_html_(self) -> str:
        return summary(self)

    def encode(self, table: Any) -> pd.DataFrame:
        """Return the factors of the rows of a data frame; see `FittedModel.encode`.

        A frame that lacks columns of the model is first arranged as the table of the run was:
        transposed, made from its long form, or renamed.
        """
        return self._fitted.encode(self._arranged(table))

    def decode(self, factors: Any) -> pd.DataFrame:
        """Decode factors z1, z2, … to rows; see `FittedModel.decode`."""
        return self._fitted.decode(data_frame(factors))

    def reconstruct(self, table: Any) -> pd.DataFrame:
        """Return rows as the model reconstructs them, in original units."""
        return self._fitted.reconstruct(self._arranged(table))

    def _arranged(self, table: Any) -> pd.DataFrame:
        frame, stored = data_frame(table), self._fitted.stored
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


def data_frame(table: Any) -> pd.DataFrame:
    """Return a pandas or polars frame as a pandas frame with text as names of columns.

    Raises:
        UserError: Several columns have the same name.
    """
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
