"""Split of a table's rows into training, validation and test rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from aeexp.config.spec import Split, Together
from aeexp.config.spec.split import FOLDS
from aeexp.data.dataset import Classes, Dataset, Integers
from aeexp.data.design import Design
from aeexp.errors import UserError, key
from aeexp.text import counted

MIN_TRAIN = 2  # a single row has no variance to explain
FEWEST_FOLDS = 3
GAP = 4
"""The gap between blocks of time is at most this fraction of the test rows."""
BATCHES, SMALLEST_BATCH, LARGEST_BATCH = 16, 16, 256


def automatic_batch(rows: int) -> int:
    """Return the number of rows per batch where it is automatic: nearly a divisor of `rows`.

    As many batches of equal size as fit best: 16 per epoch, of 16 to 256 rows.
    """
    wanted = min(max(rows / BATCHES, SMALLEST_BATCH), LARGEST_BATCH)
    return max(1, rows // max(1, round(rows / wanted)))


@dataclass(frozen=True)
class Rows:
    """A partition of a table's row numbers into `train`, `val` and `test`.

    `train` rows fit the model and its scaling, `val` rows decide when training stops and which
    model is chosen, `test` rows judge the result. `val` and `test` may be empty. `unused` rows are
    in no part.
    """

    train: Integers
    val: Integers
    test: Integers = field(default_factory=lambda: np.arange(0))
    unused: Integers = field(default_factory=lambda: np.arange(0))

    @property
    def parts(self) -> dict[str, Integers]:
        """Return the row numbers of each part by its name: train, val, test."""
        return {"train": self.train, "val": self.val, "test": self.test}

    @property
    def evaluated(self) -> tuple[str, Integers]:
        """Return the rows that judge a model: test rows, else validation rows, else all rows."""
        for name, rows in (("test", self.test), ("val", self.val)):
            if rows.size:
                return name, rows
        return "train", self.train

    @property
    def trained(self) -> NDArray[np.bool_]:
        """Return whether each row is a training row, in input order."""
        return self.mask("train")

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Return whether each row judges the model and did not train it, in input order."""
        name, _ = self.evaluated
        return self.mask(name) if name != "train" else np.zeros(self.count, bool)

    def mask(self, part: str) -> NDArray[np.bool_]:
        """Return whether each row is in a part, in input order."""
        mask = np.zeros(self.count, bool)
        mask[self.parts[part]] = True
        return mask

    @property
    def count(self) -> int:
        """Return the number of rows of the table."""
        return len(self.unused) + sum(map(len, self.parts.values()))

    @property
    def names(self) -> NDArray[np.str_]:
        """Return the part of each row, in input order; unused rows are in "none"."""
        names = np.full(self.count, "none", "<U5")
        for name, rows in self.parts.items():
            names[rows] = name
        return names

    def subset(self, rows: Integers) -> "Rows":
        """Return the partition of some rows, which are numbered from 0. rows: ascending."""
        names = self.names[rows]
        return Rows(*(np.flatnonzero(names == name) for name in (*self.parts, "none")))


def partition(spec: Split, data: Dataset) -> Rows:
    """Split the rows by a column, or at random with scikit-learn's `train_test_split`.

    Raises:
        UserError: Fewer than 2 training rows are left, or the rows cannot be stratified.
    """
    if spec.column is not None:
        return _partition_by_column(spec.column, data)
    rows, (validation, test) = np.arange(len(data.x)), spec.fractions(len(data.x))
    n_val, n_test = (math.ceil(fraction * len(rows)) for fraction in (validation, test))
    left = len(rows) - n_val - n_test
    if left < MIN_TRAIN:
        fractions = {"validation": validation, "test": test}
        named = [f"{key(f'split.{name}')}={value}" for name, value in fractions.items() if value]
        raise UserError(
            f"{' and '.join(named)} leaves {max(0, left)} of the {len(rows)} rows of {data.name}"
            f" for training, but at least {MIN_TRAIN} are needed. Use more rows, or hold out"
            " fewer."
        )
    units = _units(spec, data, FOLDS)
    if units is None:
        rest, tested = _drawn(spec, data, rows, n_test)
        train, val = _drawn(spec, data, rest, n_val)
        return Rows(train, val, tested)
    generator = np.random.default_rng(spec.seed)
    rest, tested = _whole_units(units, rows, n_test, generator)
    _, val = _whole_units(units, rest, n_val, generator)
    train, val = _apart(data, val, tested, _gap(data.design, tested))
    if len(train) < MIN_TRAIN:
        raise _no_training_rows(data, len(train))
    return Rows(train, val, tested, np.setdiff1d(rows, np.concatenate([train, val, tested])))


def _drawn(spec: Split, data: Dataset, rows: Integers, count: int) -> tuple[Integers, Integers]:
    """Return the rows that are left, and `count` rows drawn from them at random."""
    if not count:
        return rows, rows[:0]
    classes = _classes(data, rows, count) if spec.stratify else None
    left, drawn = train_test_split(rows, test_size=count, random_state=spec.seed, stratify=classes)
    return left, drawn


# Rows that are held out together


def held_out_together(spec: Split, design: Design) -> Together:
    """Return which rows are held out together: by the setting, or by the design of the table."""
    if spec.by is not None:
        return spec.by
    if design.has_groups:
        return Together.groups
    return Together.rows if design.time is None else Together.blocks


def _units(spec: Split, data: Dataset, folds: int) -> Integers | None:
    """Return the number of the unit of each row that is held out as a whole; None for rows.

    folds: that blocks are made for.

    Raises:
        UserError: The table has no such units.
    """
    design, by = data.design, held_out_together(spec, data.design)
    if by is Together.rows:
        if design.reach:
            raise UserError(
                "split.by=rows holds out single rows, but preprocessing.smooth and"
                " preprocessing.lags give neighbouring rows values in common. Set split.by=blocks."
            )
        if spec.by is None and design.groups is not None:
            raise UserError(
                f"{key(f'dataset.group={design.group_name}')} has"
                f" {counted(design.group_count, 'group')}, but whole groups are held out of"
                f" {FEWEST_FOLDS} or more. Set {key('split.by=rows')} to hold out single rows: the"
                " results then hold for further rows of these groups, not for other groups."
            )
        return None
    if spec.stratify:
        raise UserError(
            f"split.stratify=true holds out single rows, but {key(f'split.by={by.value}')} holds"
            f" them out together. Set split.stratify=false, or {key('split.by=rows')}."
        )
    wanted = {
        Together.groups: ("dataset.group", design.groups),
        Together.blocks: ("dataset.time", design.time),
    }
    name, column = wanted[by]
    if column is None:
        raise UserError(
            f"{key(f'split.by={by.value}')} needs {key(name)}, a column of your own table"
            f" (dataset=table). Name it, or remove {key('split.by')}."
        )
    if by is Together.blocks:
        return design.blocks(folds)
    return column


def _whole_units(
    units: Integers, rows: Integers, count: int, generator: np.random.Generator
) -> tuple[Integers, Integers]:
    """Return the rows that are left, and about `count` rows of units drawn at random."""
    drawn, size = np.arange(0), 0
    for unit in generator.permutation(np.unique(units[rows])) if count else ():
        members = rows[units[rows] == unit]
        if drawn.size and abs(count - size) <= abs(count - size - len(members)):
            break
        drawn, size = np.concatenate([drawn, members]), size + len(members)
    return np.setdiff1d(rows, drawn), np.sort(drawn)


def _gap(design: Design, test: Integers) -> int:
    """Return the number of rows that separate training, validation and test rows in time.

    It is a correlation time, but in short tables a quarter of the test rows, so that training rows
    are left. It is never shorter than the reach of smoothing and lags, so that no value enters
    rows of two parts.
    """
    return max(design.reach, min(design.tau, max(1, len(test) // GAP)))


def _apart(data: Dataset, val: Integers, test: Integers, gap: int) -> tuple[Integers, Integers]:
    """Return the training rows and the validation rows that are no neighbours in time.

    A gap separates the training rows from validation and test rows, and the validation rows from
    the test rows.
    """
    rows = len(data.x)
    is_test, is_held_out = np.zeros(rows, bool), np.zeros(rows, bool)
    is_test[test] = is_held_out[test] = is_held_out[val] = True
    near_test = data.design.near(is_test, gap)
    return np.flatnonzero(~data.design.near(is_held_out, gap)), val[~near_test[val]]


def _dealt(units: Integers, count: int, generator: np.random.Generator) -> list[Integers]:
    """Return the rows of folds of about equal size, of whole units, in random order."""
    sizes = np.bincount(units)
    shuffled = generator.permutation(len(sizes))
    fold_of, totals = np.empty(len(sizes), int), np.zeros(count)
    for unit in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:  # the largest first
        fold_of[unit] = fold = totals.argmin()
        totals[fold] += sizes[unit]
    rows = generator.permutation(len(units))
    return [rows[fold_of[units[rows]] == fold] for fold in range(count)]


def _no_training_rows(data: Dataset, left: int) -> UserError:
    remedy, reach = f"or {key('split.by=rows')}", data.design.reach
    if reach:
        remedy = f"or less smoothing or fewer lags, which need a gap of {counted(reach, 'row')}"
    return UserError(
        f"The split leaves {left} of the {len(data.x)} rows of {data.name} for training, but at"
        f" least {MIN_TRAIN} are needed: whole groups, or blocks of time with a gap around them,"
        f" are held out. Use more rows, {remedy}."
    )


def folds(spec: Split, data: Dataset) -> list[Rows]:
    """Return the splits of cross-fitting; empty for a single split.

    The rows are divided into folds at random, or stratified by class, or whole groups or blocks of
    time are (see `Together`). In split k, fold k is the test rows, the next fold the validation
    rows, and the others are the training rows. All splits have equal numbers of validation rows
    and of training rows, which fill batches of automatic size, so that their models train together
    as one small program. The few rows that do not fit are left out of a split. Each row is a test
    row once.

    Raises:
        UserError: There are too few rows, or the rows cannot be stratified.
    """
    count, rows = spec.folds_of(len(data.x)), np.arange(len(data.x))
    if count == 1:
        return []
    if spec.column is not None:
        raise UserError(
            f"split.folds={count} divides the rows at random, but split.column={spec.column} says"
            " which rows to hold out. Remove one of them."
        )
    by_group = held_out_together(spec, data.design) is Together.groups
    if spec.folds is None and by_group and data.design.groups is not None:
        count = min(count, max(FEWEST_FOLDS, data.design.group_count))
    if count < FEWEST_FOLDS or len(rows) < 2 * count:
        raise UserError(
            f"{key('split.folds')}={count} needs at least {FEWEST_FOLDS} folds (one to judge, one"
            f" to decide, the others to train) and 2 rows in each; {data.name} has"
            f" {counted(len(rows), 'row')}. Use other folds, or {key('split.folds=1')}."
        )
    units = _units(spec, data, count)
    if units is not None:
        if (several := int(units.max()) + 1) < count:
            raise UserError(
                f"{key('split.folds')}={count} holds out whole groups, but"
                f" {key(f'dataset.group={data.design.group_name}')} has"
                f" {counted(several, 'group')}. Use fewer folds."
            )
        drawn = _dealt(units, count, np.random.default_rng(spec.seed))
    elif spec.stratify:
        classes = _classes(data, rows, len(rows) // count)
        splitter = StratifiedKFold(count, shuffle=True, random_state=spec.seed)
        drawn = [test for _, test in splitter.split(rows, classes)]
    else:
        shuffled = np.random.default_rng(spec.seed).permutation(len(rows))
        drawn = np.array_split(shuffled, count)
    return _rotated(data, drawn, spec.seed, independent=units is None)


def _rotated(
    data: Dataset, drawn: Sequence[Integers], seed: int, *, independent: bool
) -> list[Rows]:
    """Return a split for each fold. independent: whether neighbours of a fold may train."""
    rows, sizes = np.arange(len(data.x)), [len(fold) for fold in drawn]
    following = [*drawn[1:], drawn[0]]
    if independent:
        n_val, n_train = min(sizes), len(rows) - 2 * max(sizes)
        vals = [val[:n_val] for val in following]
        others = [
            np.setdiff1d(rows, np.concatenate(pair)) for pair in zip(drawn, vals, strict=True)
        ]
    else:
        pairs = [
            _apart(data, val, test, _gap(data.design, test))
            for val, test in zip(following, drawn, strict=True)
        ]
        n_train, n_val = (min(map(len, part)) for part in zip(*pairs, strict=True))
        others, vals = [train for train, _ in pairs], [val[:n_val] for _, val in pairs]
    if min(n_train - 1, n_val) < 1:
        raise _no_training_rows(data, n_train)
    n_train -= n_train % automatic_batch(n_train)
    splits = []
    for k, (test, val, left) in enumerate(zip(drawn, vals, others, strict=True)):
        train = np.sort(np.random.default_rng([seed, k]).choice(left, n_train, replace=False))
        unused = np.setdiff1d(rows, np.concatenate([train, val, test]))
        splits.append(Rows(train, np.sort(val), np.sort(test), unused))
    return splits


def _partition_by_column(column: str, data: Dataset) -> Rows:
    if data.part is None:
        raise UserError(
            f"split.column={column} needs a table of your own (dataset=table). Remove"
            " split.column."
        )
    parts, design = np.array(data.part), data.design
    train: Integers
    val: Integers
    train, val, test = (np.flatnonzero(parts == name) for name in ("train", "val", "test"))
    if design.reach:
        distant, val = _apart(data, val, test, design.reach)
        train = np.intersect1d(train, distant)
    if len(train) < MIN_TRAIN:
        gaps = " with a gap around held-out rows, as smoothing and lags mix neighbouring rows"
        raise UserError(
            f"split.column={column} leaves {len(train)} of the {len(data.x)} rows of {data.name}"
            f" for training{gaps if design.reach else ''}, but at least {MIN_TRAIN} are needed."
        )
    every = np.arange(len(parts))
    return Rows(train, val, test, np.setdiff1d(every, np.concatenate([train, val, test])))


def _classes(data: Dataset, rows: Integers, held_out: int) -> Integers:
    """Return the class of each of `rows`, to stratify by."""
    if not isinstance(data.label, Classes):
        raise UserError(
            f"split.stratify=true needs classes, but {data.name} has none. Set"
            " split.stratify=false."
        )
    codes = data.label.codes[rows]
    counts = np.unique(codes, return_counts=True)[1]
    if counts.min() < 2 or min(held_out, len(rows) - held_out) < len(counts):
        raise UserError(
            f"split.stratify=true needs a training row and a held-out row of each of the"
            f" {len(counts)} classes. The smallest class of {data.name} has"
            f" {counted(counts.min(), 'row')}, and {counted(held_out, 'row')} would be held out."
            " Set split.stratify=false, or change split.validation."
        )
    return codes
