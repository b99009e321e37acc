"""A stored model at work on other rows: the same columns and preprocessing, nothing refitted."""

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
from aeexp.data.scaling import Preprocessing, Scaling
from aeexp.errors import UserError
from aeexp.models import Network, build, seeds
from aeexp.runs import StoredModel
from aeexp.text import few, short


@dataclass(frozen=True)
class Encoded:
    """The encoded rows, see `FittedModel.encode`, and why some are outside the training data.

    beyond: (features,) in how many rows each is beyond the training rows. unusual: rows with a
    larger error than is usual.
    """

    table: pd.DataFrame
    beyond: NDArray[np.int64]
    unusual: int


class FittedModel:
    """Encodes, decodes and reconstructs rows with the model of a run.

    Frames are pandas data frames; columns are found by name, in any order, and others are passed
    over. It is built on the backend that Keras runs on, whichever trained it.
    """

    def __init__(self, stored: StoredModel) -> None:
        self.stored = stored
        self.columns = stored.columns
        self.preprocessing = _preprocessing(stored)

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return what the model makes of rows, a row for each.

        z1, z2, …: the factors. error: mean squared error of the scaled features.
        error_percentile: the percentage of training rows with a smaller one. For each clustering
        the cluster of most of the 15 nearest known rows (-1 is noise), and `…_confidence`, the
        share of them that are in it. outside: whether a value lies beyond the training rows'
        range, or is a category they do not have, or the error is above 99 % of theirs. Of a run
        that kept no support, those of before aeexp 0.2 say, there are the factors and the error.

        Raises:
            UserError: A column is missing, or holds what the model cannot take.
        """
        return self.encoded(frame).table

    def encoded(self, frame: pd.DataFrame) -> Encoded:
        """Return the same with counts of what lies outside; see `encode`."""
        x, rows = self._features(frame)
        scaled = self.preprocessing.apply(x, self.stored.features)
        z = self.network.encode(scaled)
        errors = ((scaled - self.network.decode(z)) ** 2).mean(1, dtype=np.float64)
        made: dict[str, Any] = {f"z{k + 1}": column for k, column in enumerate(z.T)}
        made["error"] = errors
        beyond, unusual = np.zeros(x.shape, bool), np.zeros(len(x), bool)
        if self.support:
            made["error_percentile"] = self.support.percentile(errors)
            beyond, unusual = self._beyond(self.support, x), made["error_percentile"] > USUAL
            for name, (codes, confidence) in self.support.nearest(z).items():
                made |= {name: pd.array(codes, "Int64"), f"{name}_confidence": confidence}
            made["outside"] = pd.array(beyond.any(1) | unusual, "boolean")
        table = _of_all(frame, pd.DataFrame(made, index=rows))
        return Encoded(table, beyond.sum(0), int(unusual.sum()))

    def reconstruct(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as the model reconstructs them, in the columns and units of the table."""
        x, rows = self._features(frame)
        z = self.network.encode(self.preprocessing.apply(x, self.stored.features))
        return _of_all(frame, self._restored(self.network.decode(z), rows))

    def decode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows, in the columns and units of the table, that factors z1, z2, … mean.

        Raises:
            UserError: A factor is missing or not a finite number.
        """
        factors = [f"z{k + 1}" for k in range(self.stored.architecture.latent_dim)]
        if missing := [name for name in factors if name not in frame]:
            message = f"The table lacks factors that the model decodes: {_listed(missing)}."
            raise UserError(message)
        z = encode([Column(name) for name in factors], frame).astype(np.float32)
        if not np.isfinite(z).all():
            message = "The table has factors that are not finite numbers: leave those rows out."
            raise UserError(message)
        return _of_all(frame, self._restored(self.network.decode(z), pd.RangeIndex(len(frame))))

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Return the columns of a table that are neither features nor factors nor name rows."""
        factors = {f"z{k + 1}" for k in range(self.stored.architecture.latent_dim)}
        known = {column.name for column in self.columns} | {self.id} | factors
        return [name for name in names if name not in known]

    @property
    def id(self) -> str:
        """Return the column that names rows."""
        return self.stored.preprocessing.get("id") or "row"

    @cached_property
    def network(self) -> Network:
        """Return the network, with the stored weights.

        Raises:
            UserError: They are those of another network than its spec makes today.
        """
        network = build(self.stored.architecture, len(self.stored.features), {}, seeds(0))
        stored, built = self.stored.weights, network.weights()
        if {n: w.shape for n, w in stored.items()} != {n: w.shape for n, w in built.items()}:
            message = (
                f"The model {type(self.stored.architecture).__name__} has other layers than when"
                " it was trained: install the release that trained it, or train it again."
            )
            raise UserError(message)
        network.assign(stored[name] for name in network.names)
        return network

    @cached_property
    def support(self) -> Support | None:
        """Return what new rows are held against; None where the run did not keep it."""
        if not self.stored.support:
            return None
        factors = self.stored.architecture.latent_dim
        return Support.read(self.stored.support, len(self.stored.features), factors)

    def _features(self, frame: pd.DataFrame) -> tuple[Floats, pd.Index]:
        """Return the features of the rows that the model can take, and their numbers."""
        if missing := [c.name for c in self.columns if c.name not in frame]:
            message = (
                f"The table lacks columns that the model takes: {_listed(missing)}."
                " They are found by their names."
            )
            raise UserError(message)
        x = encode(self.columns, frame)
        self._settle_infinities(x)
        gaps = np.isnan(x)
        if self.preprocessing.imputation or not gaps.any():
            return x, pd.RangeIndex(len(x))
        if self.stored.preprocessing.get("missing") != "drop_rows":
            message = (
                f"The table has missing cells in {self._with(gaps)}, which the model was not"
                " trained to fill: give whole rows, or train with dataset.missing=mean, median or"
                " knn."
            )
            raise UserError(message)
        whole = np.flatnonzero(~gaps.any(1))
        return x[whole], pd.Index(whole)

    def _settle_infinities(self, x: Floats) -> None:
        """Take infinities as missing where training did; else refuse them."""
        infinite = np.isinf(x)
        if not infinite.any():
            return
        if self.stored.preprocessing.get("infinite") != "missing":
            message = (
                f"The table has infinite cells in {self._with(infinite)}: leave those rows out, or"
                " train with dataset.infinite=missing."
            )
            raise UserError(message)
        x[infinite] = np.nan

    def _with(self, cells: NDArray[np.bool_]) -> str:
        """Name the features that have such cells."""
        return _listed([self.stored.features[j] for j in np.flatnonzero(cells.any(0))])

    def _beyond(self, support: Support, x: Floats) -> NDArray[np.bool_]:
        """Return which features lie beyond the training rows; of a new category, all it has."""
        beyond = support.beyond(x)
        for column, place in places(self.columns):
            if column.categories:
                beyond[:, place] |= x[:, place].sum(1, keepdims=True) == 0
        return beyond

    def _restored(self, scaled: Floats, rows: pd.Index) -> pd.DataFrame:
        columns = decode(self.columns, self.preprocessing.undo(scaled))
        return pd.DataFrame(dict(columns), index=rows)


def _of_all(frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a row for each of the frame's, empty where it has none."""
    whole = table if len(table) == len(frame) else table.reindex(pd.RangeIndex(len(frame)))
    return whole.set_axis(frame.index)


def _preprocessing(stored: StoredModel) -> Preprocessing:
    said: dict[str, Any] = dict(stored.preprocessing)
    scaling = Scaling(np.array(said["offset"]), np.array(said["scale"]))
    if "fill" not in stored.support:
        return Preprocessing(scaling)
    fill, donors = stored.support["fill"], stored.support.get("donors", np.empty((0, 0)))
    require_array("fill", fill, "f", scaling.offset.shape)
    wide = (len(donors), len(fill)) if len(donors) else donors.shape
    require_array("donors", donors, "f", wide)
    return Preprocessing(scaling, Imputation(fill, donors))


def _listed(names: Sequence[str]) -> str:
    return few([*map(short, names)])
