"""Preprocessing in the order of rows: bins, square roots, smoothing and lags.

The steps have this order. A sum of Poisson counts is a Poisson count, and the square root of such
a count has a variance of about 1/4, whatever its mean (Bartlett, 1936, doi:10.2307/2983678). So
counts are summed before roots are taken. Roots are smoothed, as in the usual analysis of spike
trains (Yu et al., 2009, doi:10.1152/jn.90941.2008). Lags come last, as they only repeat values.

No step crosses a session. Nothing is fitted, so the steps precede the split; `Design.reach` is the
gap that keeps values of training rows out of the features of held-out rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.stats import mode

from aeexp.config.spec import RowScaling
from aeexp.data.dataset import Classes, fingerprint
from aeexp.data.design import in_time
from aeexp.data.features import Column, features, places
from aeexp.data.memory import require_memory
from aeexp.errors import UserError
from aeexp.text import counted, exact, few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aeexp.config.spec import PreprocessingSpec
    from aeexp.data.dataset import Dataset, Floats, Integers, Labels
    from aeexp.data.design import Design
    from aeexp.data.effects import Covariates

CUT = 3
"""Standard deviations at which the Gaussian ends, which leaves out 0.3 % of its weight. A fourth
would widen the gap between training and held-out rows by two."""


@dataclass(frozen=True)
class TimeSteps:
    """The steps of a table, which also apply to new rows.

    bin, sqrt, smooth, lags: as in `PreprocessingSpec`. counts: the features that bins sum. time,
    group: the columns that order the rows; time may be "rows", and both "".
    """

    bin: int = 1
    sqrt: bool = False
    smooth: float = 0.0
    lags: int = 0
    counts: tuple[str, ...] = ()
    time: str = ""
    group: str = ""

    @property
    def need_order(self) -> bool:
        """Return whether a row depends on others."""
        return self.bin > 1 or self.smooth > 0 or self.lags > 0

    @property
    def reach(self) -> int:
        """Return the largest distance of two rows, after binning, that have a value in common."""
        return 2 * ceil(CUT * self.smooth) + self.lags

    def columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns of the features after the steps."""
        return tuple(replace(column, sqrt=self.sqrt, lags=self.lags) for column in columns)

    def bins(self, rows: int, design: Design) -> Integers:
        """Return the rows of each complete bin, in the order of time: (bins, rows of a bin).

        Bins are in the order of their first rows. Incomplete bins at the ends of sessions are
        left out.
        """
        if self.bin == 1:
            return np.arange(rows)[:, None]
        complete = [s[: len(s) // self.bin * self.bin] for s in design.sessions()]
        members = np.concatenate(complete).reshape(-1, self.bin)
        return members[np.argsort(members[:, 0])]

    def apply(
        self, x: Floats, columns: Sequence[Column], design: Design
    ) -> tuple[Floats, Integers]:
        """Return the features after the steps, and the rows that became each row.

        These are (rows, features) and (rows, rows of a bin). The first rows of a session have no
        lags and are left out. Bins and smoothing average over the cells that are not missing; a
        smoothed cell is missing if it was so before. x: (rows, features before the steps).

        Raises:
            UserError: The sessions are too short, or a value has no square root.
        """
        columns = before_steps(columns)
        members: Integers = np.arange(len(x))[:, None]
        if self.need_order:
            self._require_long_sessions(design)
        if self.bin > 1:
            members = self.bins(len(x), design)
            summed = np.isin(features(columns), self.counts)
            x, design = binned(x, members, summed), design.take(members[:, 0])
        if self.sqrt:
            x = _roots(x, features(columns))
        if self.smooth:
            x = _smoothed(x, design.sessions(), self.smooth)
        if self.lags:
            before = _rows_before(design.sessions(), self.lags)
            x, members = _lagged(x, columns, before), members[before[:, 0]]
        return x, members

    def check(
        self, design: Design, columns: Sequence[Column], covariates: Covariates | None
    ) -> None:
        """Check that the steps suit a table. covariates: of its rows.

        Raises:
            UserError: Rows were left out or covariates change where the steps join rows, or counts
                are logarithms.
        """
        if self.need_order and design.has_gaps:
            raise UserError(
                "preprocessing.bin, smooth and lags would join rows that do not follow one"
                " another, as rows with missing cells were left out. Fill them with"
                " dataset.missing=mean, median or knn; if they have no value at all, end a session"
                " there with dataset.group, or fill them in the file."
            )
        if (self.bin > 1 or self.sqrt) and any(column.log1p for column in columns):
            raise UserError(
                "preprocessing.bin and preprocessing.sqrt are for counts, not for their"
                " logarithms. Remove dataset.log1p, or these keys."
            )
        if covariates is None or not self.reach:
            return
        values = covariates.values
        if any(np.ptp(values[rows], axis=0).any() for rows in design.sessions()):
            raise UserError(
                "preprocessing.smooth and preprocessing.lags give a row values of other rows,"
                f" whose covariates ({few(covariates.names)}) may differ: their effects could not"
                " be removed. Remove these keys, or covariates that change within a recording."
            )

    def phrases(self, columns: Sequence[Column]) -> Iterator[str]:
        """Yield what each step did with a table of these columns."""
        counts = len(self.counts)
        values = len(features(before_steps(columns))) - counts
        unit = "bin" if self.bin > 1 else "row"
        if self.bin > 1:
            what = "counts were summed" if counts else "values were averaged"
            if counts and values:
                summed = f"{counted(counts, 'feature')} of counts were summed"
                what = f"{summed} and {counted(values, 'other')} averaged"
            yield f"{what} over bins of {self.bin:,} successive rows"
        if self.sqrt:
            yield "square roots were taken"
        if self.smooth:
            width = f"{exact(self.smooth)} {unit}{'' if self.smooth == 1 else 's'}"
            yield (
                f"values were smoothed in time by a Gaussian with a standard deviation of {width},"
                f" which ends at {CUT} standard deviations"
            )
        if self.lags:
            yield f"each {unit} was extended by the values of {counted(self.lags, unit)} before it"

    def _require_long_sessions(self, design: Design) -> None:
        longest, needed = max(map(len, design.sessions())), self.bin * (self.lags + 1)
        if longest < needed:
            raise UserError(
                f"preprocessing.bin={self.bin} and preprocessing.lags={self.lags} need"
                f" {needed:,} successive rows, but the longest recording has {longest:,}. Use"
                " smaller values."
            )


def before_steps(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns of the features before the steps."""
    return TimeSteps().columns(columns)


def applied(spec: PreprocessingSpec, data: Dataset) -> Dataset:
    """Return a table after the steps of a spec, with labels, names of rows and design.

    A bin has the class of most of its rows, the mean of their values, and the name of the first.

    Raises:
        UserError: A step needs the order of rows and the table has none; or as `TimeSteps.apply`.
    """
    design = data.design
    steps = TimeSteps(spec.bin, spec.sqrt, spec.smooth, spec.lags)
    if steps == TimeSteps():
        return data
    if spec.rows is not RowScaling.none and steps != TimeSteps(steps.bin):
        raise UserError(
            f"preprocessing.rows={spec.rows.value} scales amounts, which preprocessing.sqrt,"
            " smooth and lags do not leave as they are. Remove one of them."
        )
    if steps.need_order:
        if design.time is None:
            raise _no_order(steps)
        steps = replace(steps, time=design.time_name, group=design.group_name)
    steps.check(design, data.columns, data.covariates)
    if steps.bin > 1:
        steps = replace(steps, counts=_counts(data))
    x, members = steps.apply(data.x, data.columns, design)
    columns = steps.columns(data.columns)
    if len({*features(columns)}) < len(features(columns)):
        raise UserError(
            "preprocessing.lags makes names such as 'a[t-1]', which the table has already. Rename"
            " these columns with dataset.rename."
        )
    design = design.take(members[:, 0])
    if design.time is not None:
        design = in_time(replace(design, reach=min(steps.reach, len(x))), x)
        # rows with common values are not independent, even if successive values are
        design = replace(design, tau=max(design.tau, min(steps.lags, len(x))))
    return replace(
        data,
        x=x,
        features=features(columns),
        rows=[str(data.rows[int(row)]) for row in members[:, 0]],
        labels=tuple(_label_of_bins(labels, members) for labels in data.labels),
        origin=columns,
        part=None if data.part is None else _parts(np.array(data.part)[members]),
        notes=(*data.notes, _note(steps, data, len(x))),
        design=design,
        covariates=data.covariates and data.covariates.of_bins(members),
        steps=steps,
        raw_hash=fingerprint(data),
    )


def binned(x: Floats, members: Integers, summed: NDArray[np.bool_]) -> Floats:
    """Return the sums or means of the rows of each bin, over the cells that are not missing.

    A sum is corrected for missing cells. x: (rows, features). members: (bins, rows of a bin).
    summed: (features,), whether sums are returned.
    """
    total, present = np.zeros((2, len(members), x.shape[1]))
    for rows in members.T:
        is_present = ~np.isnan(x[rows])
        total += np.where(is_present, x[rows], 0)
        present += is_present
    with np.errstate(invalid="ignore", divide="ignore"):  # bins without a value become NaN
        return (total * (np.where(summed, members.shape[1], 1) / present)).astype(x.dtype)


def _roots(x: Floats, names: Sequence[str]) -> Floats:
    lowest = np.fmin.reduce(x, axis=0)
    if negative := np.flatnonzero(lowest < 0).tolist():
        columns = few([f"{names[j]} ({lowest[j]:g})" for j in negative])
        raise UserError(
            "preprocessing.sqrt=true needs values of 0 or more, but the lowest values are negative"
            f" in {columns}. Leave these columns out with dataset.drop, or remove"
            " preprocessing.sqrt."
        )
    return np.sqrt(x)


def _smoothed(x: Floats, sessions: Sequence[Integers], deviation: float) -> Floats:
    """Return weighted means over the neighbours in a session that are not missing."""
    smooth = np.empty_like(x)
    for rows in sessions:
        present = ~np.isnan(x[rows])
        counted_in = present[:, :1] if present.all() else present  # equal weights of all columns
        radius = min(ceil(CUT * deviation), len(rows))
        values, weights = (
            gaussian_filter1d(cells, deviation, axis=0, mode="constant", radius=radius)
            for cells in (np.where(present, x[rows], 0).astype(float), counted_in.astype(float))
        )
        with np.errstate(invalid="ignore"):  # without neighbours that have a value
            smooth[rows] = np.where(present, values / weights, np.nan)
    return smooth


def _rows_before(sessions: Sequence[Integers], lags: int) -> Integers:
    """Return each row, followed by the rows before it: (rows, 1 + lags), by rising row."""
    windows = [
        np.lib.stride_tricks.sliding_window_view(rows, lags + 1)[:, ::-1]
        for rows in sessions
        if len(rows) > lags
    ]
    before = np.concatenate(windows)
    return before[np.argsort(before[:, 0])]


def _lagged(x: Floats, columns: Sequence[Column], before: Integers) -> Floats:
    """Return the features of rows and of the rows before them, in the order of `Column`."""
    lags = range(before.shape[1])
    size = len(before) * len(lags) * x.shape[1] * x.itemsize
    what = f"A table with preprocessing.lags={len(lags) - 1}"
    require_memory(2 * size, what, "Use fewer lags or columns.")
    of_columns = [np.arange(place.start, place.stop) for _, place in places(columns)]
    feature = np.concatenate([np.tile(one, len(lags)) for one in of_columns])
    lag = np.concatenate([np.repeat(lags, len(one)) for one in of_columns])
    return x[before[:, lag], feature]


def _counts(data: Dataset) -> tuple[str, ...]:
    """Return the features that have no other values than whole numbers from 0: counts."""
    x = data.x
    is_count = ~(~np.isnan(x) & ((x < 0) | (x % 1 != 0))).any(axis=0)
    return tuple(
        name
        for column, place in places(data.columns)
        if not column.categories
        for name, is_one in zip(column.features, is_count[place], strict=True)
        if is_one
    )


def _label_of_bins(labels: Labels, members: Integers) -> Labels:
    if members.shape[1] == 1:
        return labels.take(members[:, 0])
    if isinstance(labels, Classes):
        return replace(labels, codes=mode(labels.codes[members], axis=1).mode)
    means = binned(labels.values[:, None], members, np.array([False]))
    return replace(labels, values=means[:, 0])


def _parts(parts: NDArray[np.str_]) -> list[str]:
    """Return the part of each bin, "none" if its rows are in several. parts: (bins, rows)."""
    is_one = (parts == parts[:, :1]).all(axis=1)
    return np.where(is_one, parts[:, 0], "none").tolist()


def _note(steps: TimeSteps, data: Dataset, left: int) -> str:
    """Return a sentence on the steps of a table. left: its number of rows after them."""
    note = f"preprocessing: {', then '.join(steps.phrases(data.columns))}"
    rows, unit, left_out = len(data.x), "row", []
    if steps.bin > 1:
        complete = len(steps.bins(rows, data.design))
        note += f"; {rows:,} rows became {counted(complete, 'bin')}, named by their first rows"
        if incomplete := rows - complete * steps.bin:
            left_out.append(f"{counted(incomplete, 'row')} of incomplete bins")
        rows, unit = complete, "bin"
    if steps.lags:
        left_out.append(f"{counted(rows - left, unit)} with too few {unit}s before")
    return f"{note}; left out: {', and '.join(left_out)}" if left_out else note


def _no_order(steps: TimeSteps) -> UserError:
    values = {"bin": steps.bin > 1, "smooth": steps.smooth > 0, "lags": steps.lags > 0}
    name = next(name for name, is_set in values.items() if is_set)
    return UserError(
        f"preprocessing.{name}={getattr(steps, name):g} needs the order of the rows. Set"
        " dataset.time to a column with their times, or dataset.time=rows for the order in the"
        f" file (dataset=table); or remove preprocessing.{name}."
    )
