"""Apply a stored model to other rows: same columns and preprocessing, nothing is refitted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aeexp.analysis.support import USUAL, Support
from aeexp.app.stored_preprocessing import stored_preprocessing
from aeexp.data import Column, Floats, Integers
from aeexp.data.design import EXCHANGEABLE
from aeexp.data.effects import Covariates
from aeexp.data.features import decode, encode, places, words
from aeexp.data.inspect.command import argument, value_text
from aeexp.data.io.arrangement import r_name
from aeexp.data.na import numbers_as_text, without_na
from aeexp.data.table.covariates import categories_of
from aeexp.data.table.design import has_gaps, ordered
from aeexp.data.time_steps import TimeSteps, before_steps
from aeexp.errors import UserError
from aeexp.models import Network, build, seeds
from aeexp.present.tables.run import deviation_columns
from aeexp.runs import StoredModel
from aeexp.text import few, short

MOST_RENAMED = 3  # columns in an example


@dataclass(frozen=True)
class Encoded:
    """Encoded rows, and counts of rows outside the training data.

    table: see `FittedModel.encode`. beyond_range: (features,) the number of rows with a value
    beyond the training rows' range. unusual: the number of rows with an unusually large error.
    """

    table: pd.DataFrame
    beyond_range: NDArray[np.int64]
    unusual: int


@contextmanager
def _new_rows() -> Iterator[None]:
    """Convert errors that advise how to train: new rows do not fit a model that is trained.

    Such an error begins with a key, and its last sentence is the advice.
    """
    try:
        yield
    except UserError as error:
        problem, _, advice = str(error).rpartition(". ")
        if not (advice and problem.startswith(("preprocessing.", "dataset."))):
            raise
        raise UserError(
            f"The table does not fit the model: {problem}. These settings are part of the trained"
            " model: correct the rows, or leave them out."
        ) from error


class FittedModel:
    """Encodes, decodes and reconstructs rows with the model of a run.

    Frames are pandas data frames. Columns are matched by name, in any order; other columns are
    ignored. The model computes on the backend that Keras runs on, whichever trained it.
    """

    def __init__(self, stored: StoredModel) -> None:
        self.stored = stored
        self.columns = stored.columns
        self.steps = stored.steps or TimeSteps()
        self.selection, self.preprocessing = stored_preprocessing(stored)

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the latent factors of rows and how the rows compare with the training rows.

        Columns: z1, z2, …: the factors; z1_sd, z2_sd, …: their standard deviations, if the model
        is variational. error: mean squared error of the scaled features.
        error_percentile: the percentage of training rows with a smaller error. For each clustering
        the most frequent cluster of the 15 nearest rows of the run's table (-1 is noise), and
        `…_confidence`, its share of them. outside: whether a value is beyond the training rows'
        range, or is a new category, or the error is above 99 % of theirs. A run without
        model/support.npz, as before aeexp 0.2, has only the factors and the error.

        If the run's preprocessing follows the order of rows, the frame is a complete recording,
        with the columns of its times and groups. With bins, the result has a row for each complete
        bin, at the place of its first row.

        Raises:
            UserError: A column is missing or has a value that the model cannot take.
        """
        return self.encode_and_count(frame).table

    @_new_rows()
    def encode_and_count(self, frame: pd.DataFrame) -> Encoded:
        """Encode rows, see `encode`, and count those outside the training data."""
        x, covariates, rows, places_of_result = self._features(frame)
        scaled = self.preprocessing.apply(x, self.stored.features, covariates)
        z = self.network.encode(scaled)
        x_hat = self.network.decode(z)
        errors = ((scaled - x_hat) ** 2).mean(1, dtype=np.float64)
        columns: dict[str, Any] = {f"z{k + 1}": column for k, column in enumerate(z.T)}
        columns |= deviation_columns(self.network.deviations(scaled))
        columns["error"] = errors
        beyond_range, unusual = np.zeros(x.shape, bool), np.zeros(len(x), bool)
        if self.support:
            columns["error_percentile"] = self.support.percentile(errors)
            unusual = columns["error_percentile"] > USUAL
            beyond_range = self.support.beyond(x)
            for column, place in places(self.columns):
                if count := len(column.categories):  # of a new one, all indicators are zero
                    indicators = x[:, place.start : place.start + count]
                    beyond_range[:, place] |= indicators.sum(1, keepdims=True) == 0
            for name, (codes, confidence) in self.support.known.nearest(z, x_hat).items():
                columns |= {name: pd.array(codes, "Int64"), f"{name}_confidence": confidence}
            columns["outside"] = pd.array(beyond_range.any(1) | unusual, "boolean")
        table = _at_places(frame, pd.DataFrame(columns, index=rows), places_of_result)
        return Encoded(table, beyond_range.sum(0), int(unusual.sum()))

    @_new_rows()
    def reconstruct(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as the model reconstructs them, in the columns and units of the table."""
        x, covariates, rows, places_of_result = self._features(frame)
        scaled = self.preprocessing.apply(x, self.stored.features, covariates)
        decoded = self._decoded(self.network.encode(scaled), covariates, rows)
        return _at_places(frame, decoded, places_of_result)

    def decode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Decode factors z1, z2, … to rows in the columns and units of the table.

        With bins or smoothing, values are those of bins or of smoothed rows. Square roots are
        squared, and of lags the row itself is returned. Rows that `encode` left empty stay empty.

        With the covariates of the rows, their effects are added; without any of them, rows are
        those of average covariates.

        Raises:
            UserError: A factor is missing or not a finite number.
        """
        factors = [f"z{k + 1}" for k in range(self.stored.architecture.latent_dim)]
        if missing := [name for name in factors if name not in frame]:
            raise UserError(f"The table lacks factors that the model decodes: {_listed(missing)}.")
        z = encode([Column(name) for name in factors], frame).astype(np.float32)
        rows = np.flatnonzero(~np.isnan(z).all(axis=1))
        if not np.isfinite(z[rows]).all():
            raise UserError(
                "The table has factors that are not finite numbers: leave those rows out."
            )
        some = any(column.name in frame for column in self.stored.covariates)
        covariates = self._covariates(frame)[rows] if some else None
        return _at_places(frame, self._decoded(z[rows], covariates, rows), np.arange(len(frame)))

    def sample(self, count: int, seed: int = 0) -> pd.DataFrame:
        """Return new rows from the distribution that a variational model has learnt.

        Columns: z1, z2, …: draws from the standard normal; and the rows as `decode` returns them,
        means without the noise of single values. count: number of rows. seed: of the draws.

        Raises:
            UserError: The model is not variational.
        """
        if self.network.posterior is None:
            raise UserError(
                "The model has no distribution of factors to draw from. Train with"
                " model=variational."
            )
        shape = count, self.stored.architecture.latent_dim
        z = np.random.default_rng(seed).normal(size=shape)
        factors = pd.DataFrame({f"z{k}": column for k, column in enumerate(z.T, 1)})
        return pd.concat([factors, self.decode(factors)], axis=1)

    def lacking(self, names: Sequence[str]) -> list[str]:
        """Return the covariates that a table lacks. names: of its columns."""
        return [column.name for column in self.stored.covariates if column.name not in names]

    def lacking_beside(self, names: Sequence[str]) -> list[str]:
        """Return the covariates, times and groups that a table lacks. names: of its columns."""
        order = [name for name in self._ordering if name not in names]
        return [*dict.fromkeys([*self.lacking(names), *order])]

    def unused(self, names: Sequence[str]) -> list[str]:
        """Return the columns of a table that are no features, covariates, factors or row names."""
        factors = {f"z{k + 1}" for k in range(self.stored.architecture.latent_dim)}
        columns = (*self.stored.needed, *self.stored.covariates)
        used = {column.name for column in columns} | {self.id} | factors | {*self._ordering}
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

    @property
    def _ordering(self) -> list[str]:
        """Return the columns of times and groups that the preprocessing needs."""
        time = "" if self.steps.time == "rows" else self.steps.time
        return [name for name in (time, self.steps.group) if name]

    def _features(self, frame: pd.DataFrame) -> tuple[Floats, Floats, Integers, Integers]:
        """Return features and covariates of the rows that the model can take, and their places.

        These are the places of those rows in the frame, and of the rows of the result.
        """
        if missing := [c.name for c in self.stored.needed if c.name not in frame]:
            raise UserError(
                f"The table lacks columns that the model takes: {_listed(missing)}."
                f" Columns are matched by name.{_did_you_mean(missing, frame)}"
            )
        if missing := [name for name in self._ordering if name not in frame]:
            raise UserError(
                f"The table lacks columns that order its rows: {_listed(missing)}. The model's"
                " preprocessing joins successive rows of a recording. Columns are matched by name."
            )
        if missing := self.lacking(list(frame)):
            raise UserError(
                f"The table lacks covariates whose effects the model removes: {_listed(missing)}."
                " Add these columns, as in the table of the run."
            )
        read = (*self.stored.needed, *self.stored.covariates)
        names = [column.name for column in read]
        frame, _ = without_na(frame, names, self.stored.preprocessing.get("na"))
        numeric = [column.name for column in read if not column.categories]
        frame = frame.assign(**numbers_as_text(frame, numeric))
        x = encode(self.stored.needed, frame)
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
                covariates = [column.name for column in self.stored.covariates]
                is_left_out = gaps.any(1) | frame[covariates].isna().any(axis=1).to_numpy()
            elif gaps[~is_left_out].any():
                raise UserError(
                    f"The table has missing cells in {self._features_with(gaps)}, which the model"
                    " was not trained to fill: give complete rows, or train with"
                    " dataset.missing=mean, median or knn."
                )
        rows = np.flatnonzero(~is_left_out)
        return self._in_time(frame, x[rows], rows)

    def _in_time(
        self, frame: pd.DataFrame, x: Floats, rows: Integers
    ) -> tuple[Floats, Floats, Integers, Integers]:
        """Return features and covariates after the steps in time; see `_features`.

        x: of some rows of the frame. rows: their places.
        """
        steps, every = self.steps, np.arange(len(frame))
        design = EXCHANGEABLE
        if steps.need_order:
            design = ordered(frame.iloc[rows], steps.time, steps.group)
            kept = np.isin(every, rows)
            gaps = has_gaps(frame, kept, steps.time, steps.group)
            design = replace(design, has_gaps=gaps)
        values = self._covariates(frame.iloc[rows])
        columns = self.stored.needed
        steps.check(design, columns, Covariates(self.stored.covariates, values))
        x, members = steps.apply(x, columns, design)
        x = x if self.selection is None else self.selection.apply(x)
        bins = every if steps.bin == 1 else rows[steps.bins(len(rows), design)[:, 0]]
        return x, values[members].mean(axis=1), rows[members[:, 0]], bins

    def _covariates(self, frame: pd.DataFrame) -> Floats:
        """Return the covariates of rows: (rows, terms).

        Raises:
            UserError: A column has empty cells, or a category of unknown effect.
        """
        columns = self.stored.covariates
        texts = {c.name: categories_of(frame[c.name]) for c in columns if c.categories}
        frame = frame.assign(**texts)
        values = encode(columns, frame).astype(np.float64)
        for column, place in places(columns):
            if not np.isfinite(values[:, place]).all():
                raise UserError(
                    f"The table has rows without the covariate {short(column.name)}: its effect"
                    " cannot be removed from them. Fill it in, or leave those rows out."
                )
            unknown = ~values[:, place].any(axis=1)
            if column.categories and unknown.any():
                new = dict.fromkeys(words(frame[column.name])[unknown])
                raise UserError(
                    f"The table has categories of {short(column.name)} that the training rows did"
                    f" not have: {_listed([*new])}. The model knows {_listed(column.categories)}."
                )
        return values

    def _features_with(self, cells: NDArray[np.bool_]) -> str:
        """Return the columns with such cells. cells: (rows, features before the steps)."""
        columns = places(before_steps(self.stored.needed))
        return _listed([column.name for column, place in columns if cells[:, place].any()])

    def _decoded(self, z: Floats, covariates: Floats | None, rows: Integers) -> pd.DataFrame:
        x_hat = self.preprocessing.undo(self.network.decode(z), covariates)
        return pd.DataFrame(dict(decode(self.columns, x_hat)), index=rows)


def _at_places(frame: pd.DataFrame, table: pd.DataFrame, rows: Integers) -> pd.DataFrame:
    """Return the table with a row for each of some rows of the frame, empty where it lacks one."""
    if len(table) < len(rows):
        table = table.reindex(rows)
    return table.set_axis(frame.index[rows])


def _did_you_mean(missing: Sequence[str], frame: pd.DataFrame) -> str:
    """Return how to rename the columns that R or another program has changed."""
    by_name = {name.casefold(): name for name in map(str, frame.columns)}
    changed = {by_name.get(r_name(name).casefold()): name for name in missing}
    changed.pop(None, None)
    if not changed:
        return ""
    (old, new), *_ = changed.items()
    pairs = value_text({str(old): new for old, new in [*changed.items()][:MOST_RENAMED]})
    more = " (and so on)" if len(changed) > MOST_RENAMED else ""
    return (
        f" Did you mean '{short(str(old))}' for '{short(new)}'? Set"
        f" {argument(f'dataset.rename={pairs}')}{more}, or write the file with check.names=FALSE"
        " if R has changed them."
    )


def _listed(names: Sequence[str]) -> str:
    return few([*map(short, names)])
