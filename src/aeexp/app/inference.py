"""Apply a stored model to other rows: same columns and preprocessing, nothing is refitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aeexp.analysis.support import USUAL, Support, require_array
from aeexp.data import Column, Floats
from aeexp.data.features import decode, encode, places
from aeexp.data.imputation import Imputation
from aeexp.data.na import numbers_as_text, without_na
from aeexp.data.scaling import Preprocessing, Scaling
from aeexp.errors import UserError
from aeexp.models import Network, build, seeds
from aeexp.runs import StoredModel
from aeexp.text import few, short


@dataclass(frozen=True)
class Encoded:
    """Encoded rows, and counts of rows outside the training data.

    table: see `FittedModel.encode`. beyond_range: (features,) the number of rows with a value
    beyond the training rows' range. unusual: the number of rows with an unusually large error.
    """

    table: pd.DataFrame
    beyond_range: NDArray[np.int64]
    unusual: int


class FittedModel:
    """Encodes, decodes and reconstructs rows with the model of a run.

    Frames are pandas data frames. Columns are matched by name, in any order; other columns are
    ignored. The model computes on the backend that Keras runs on, whichever trained it.
    """

    def __init__(self, stored: StoredModel) -> None:
        self.stored = stored
        self.columns = stored.columns
        self.preprocessing = _preprocessing(stored)

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the latent factors of rows and how the rows compare with the training rows.

        Columns: z1, z2, …: the factors. error: mean squared error of the scaled features.
        error_percentile: the percentage of training rows with a smaller error. For each clustering
        the most frequent cluster of the 15 nearest rows of the run's table (-1 is noise), and
        `…_confidence`, its share of them. outside: whether a value is beyond the training rows'
        range, or is a new category, or the error is above 99 % of theirs. A run without
        model/support.npz, as before aeexp 0.2, has only the factors and the error.

        Raises:
            UserError: A column is missing or has a value that the model cannot take.
        """
        return self.encode_and_count(frame).table

    def encode_and_count(self, frame: pd.DataFrame) -> Encoded:
        """Encode rows, see `encode`, and count those outside the training data."""
        x, rows = self._features(frame)
        scaled = self.preprocessing.apply(x, self.stored.features)
        z = self.network.encode(scaled)
        x_hat = self.network.decode(z)
        errors = ((scaled - x_hat) ** 2).mean(1, dtype=np.float64)
        columns: dict[str, Any] = {f"z{k + 1}": column for k, column in enumerate(z.T)}
        columns["error"] = errors
        beyond_range, unusual = np.zeros(x.shape, bool), np.zeros(len(x), bool)
        if self.support:
            columns["error_percentile"] = self.support.percentile(errors)
            unusual = columns["error_percentile"] > USUAL
            beyond_range = self.support.beyond(x)
            for column, place in places(self.columns):
                if column.categories:  # of a new category, all indicators are zero
                    beyond_range[:, place] |= x[:, place].sum(1, keepdims=True) == 0
            for name, (codes, confidence) in self.support.known.nearest(z, x_hat).items():
                columns |= {name: pd.array(codes, "Int64"), f"{name}_confidence": confidence}
            columns["outside"] = pd.array(beyond_range.any(1) | unusual, "boolean")
        table = _for_all_rows(frame, pd.DataFrame(columns, index=rows))
        return Encoded(table, beyond_range.sum(0), int(unusual.sum()))

    def reconstruct(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as the model reconstructs them, in the columns and units of the table."""
        x, rows = self._features(frame)
        z = self.network.encode(self.preprocessing.apply(x, self.stored.features))
        return _for_all_rows(frame, self._decoded(z, rows))

    def decode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Decode factors z1, z2, … to rows in the columns and units of the table.

        Raises:
            UserError: A factor is missing or not a finite number.
        """
        factors = [f"z{k + 1}" for k in range(self.stored.architecture.latent_dim)]
        if missing := [name for name in factors if name not in frame]:
            raise UserError(f"The table lacks factors that the model decodes: {_listed(missing)}.")
        z = encode([Column(name) for name in factors], frame).astype(np.float32)
        if not np.isfinite(z).all():
            raise UserError(
                "The table has factors that are not finite numbers: leave those rows out."
            )
        return _for_all_rows(frame, self._decoded(z, pd.RangeIndex(len(frame))))

    def unused(self, names: Sequence[str]) -> list[str]:
        """Return the columns of a table that are neither features nor factors nor row names."""
        factors = {f"z{k + 1}" for k in range(self.stored.architecture.latent_dim)}
        used = {column.name for column in self.columns} | {self.id} | factors
        return [name for name in names if name not in used]

    @property
    def id(self) -> str:
        """Return the name of the column with row names."""
        return self.stored.preprocessing.get("id") or "row"

    @cached_property
    def network(self) -> Network:
        """Return the network with the stored weights.

        Raises:
            UserError: The installed release builds another network from the model's spec.
        """
        network = build(self.stored.architecture, len(self.stored.features), {}, seeds(0))
        stored, built = self.stored.weights, network.weights()
        if {n: w.shape for n, w in stored.items()} != {n: w.shape for n, w in built.items()}:
            raise UserError(
                f"The model {type(self.stored.architecture).__name__} has other layers than when"
                " it was trained: install the release that trained it, or train it again."
            )
        network.assign(stored[name] for name in network.names)
        return network

    @cached_property
    def support(self) -> Support | None:
        """Return the summary of the training rows; None if the run did not store it."""
        if not self.stored.support:
            return None
        factors = self.stored.architecture.latent_dim
        return Support.read(self.stored.support, len(self.stored.features), factors)

    def _features(self, frame: pd.DataFrame) -> tuple[Floats, pd.Index]:
        """Return the features of the rows that the model can take, and the rows' positions."""
        if missing := [c.name for c in self.columns if c.name not in frame]:
            raise UserError(
                f"The table lacks columns that the model takes: {_listed(missing)}."
                " Columns are matched by name."
            )
        names = [column.name for column in self.columns]
        frame, _ = without_na(frame, names, self.stored.preprocessing.get("na"))
        numeric = [column.name for column in self.columns if not column.categories]
        frame = frame.assign(**numbers_as_text(frame, numeric))
        x = encode(self.columns, frame)
        infinite = np.isinf(x)
        if infinite.any():
            if self.stored.preprocessing.get("infinite") != "missing":
                raise UserError(
                    f"The table has infinite cells in {self._features_with(infinite)}: leave those"
                    " rows out, or train with dataset.infinite=missing."
                )
            x[infinite] = np.nan
        gaps = np.isnan(x)
        is_left_out = gaps.all(1)  # as in training: they have no value to fill the others from
        if not self.preprocessing.imputation:
            if self.stored.preprocessing.get("missing") == "drop_rows":
                is_left_out = gaps.any(1)
            elif gaps[~is_left_out].any():
                raise UserError(
                    f"The table has missing cells in {self._features_with(gaps)}, which the model"
                    " was not trained to fill: give complete rows, or train with"
                    " dataset.missing=mean, median or knn."
                )
        if not is_left_out.any():
            return x, pd.RangeIndex(len(x))
        rows = np.flatnonzero(~is_left_out)
        return x[rows], pd.Index(rows)

    def _features_with(self, cells: NDArray[np.bool_]) -> str:
        """Return the names of the features with such cells. cells: (rows, features)."""
        return _listed([self.stored.features[j] for j in np.flatnonzero(cells.any(0))])

    def _decoded(self, z: Floats, rows: pd.Index) -> pd.DataFrame:
        x_hat = self.preprocessing.undo(self.network.decode(z))
        return pd.DataFrame(dict(decode(self.columns, x_hat)), index=rows)


def _for_all_rows(frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a row for each row of the frame, empty where it lacks one."""
    if len(table) < len(frame):
        table = table.reindex(pd.RangeIndex(len(frame)))
    return table.set_axis(frame.index)


def _preprocessing(stored: StoredModel) -> Preprocessing:
    values: dict[str, Any] = dict(stored.preprocessing)
    scaling = Scaling(np.array(values["offset"]), np.array(values["scale"]))
    if "fill" not in stored.support:
        return Preprocessing(scaling)
    fill, donors = stored.support["fill"], stored.support.get("donors", np.empty((0, 0)))
    require_array("fill", fill, "f", scaling.offset.shape)
    require_array("donors", donors, "f", (len(donors), len(fill)) if len(donors) else donors.shape)
    return Preprocessing(scaling, Imputation(fill, donors))


def _listed(names: Sequence[str]) -> str:
    return few([*map(short, names)])
