"""Split of a table's rows into training, validation and test rows."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from aeexp.config.spec import Split
from aeexp.data.dataset import Classes, Dataset, Integers
from aeexp.errors import UserError, key
from aeexp.text import counted

MIN_TRAIN = 2  # a single row has no variance to explain
FEWEST_FOLDS = 3
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
    rest, tested = _drawn(spec, data, rows, n_test)
    train, val = _drawn(spec, data, rest, n_val)
    return Rows(train, val, tested)


def _drawn(spec: Split, data: Dataset, rows: Integers, count: int) -> tuple[Integers, Integers]:
    """Return the rows that are left, and `count` rows drawn from them at random."""
    if not count:
        return rows, rows[:0]
    classes = _classes(data, rows, count) if spec.stratify else None
    left, drawn = train_test_split(rows, test_size=count, random_state=spec.seed, stratify=classes)
    return left, drawn


def folds(spec: Split, data: Dataset) -> list[Rows]:
    """Return the splits of cross-fitting; empty for a single split.

    The rows are divided into folds at random, or stratified by class. In split k, fold k is the
    test rows, the next fold the validation rows, and the others are the training rows. All splits
    have equal numbers of validation rows and of training rows, which fill batches of automatic
    size, so that their models train together as one small program. The few rows that do not fit
    are left out of a split. Each row is a test row once.

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
    if count < FEWEST_FOLDS or len(rows) < 2 * count:
        raise UserError(
            f"{key('split.folds')}={count} needs at least {FEWEST_FOLDS} folds (one to judge, one"
            f" to decide, the others to train) and 2 rows in each; {data.name} has"
            f" {counted(len(rows), 'row')}. Use other folds, or {key('split.folds=1')}."
        )
    if spec.stratify:
        classes = _classes(data, rows, len(rows) // count)
        splitter = StratifiedKFold(count, shuffle=True, random_state=spec.seed)
        drawn = [test for _, test in splitter.split(rows, classes)]
    else:
        shuffled = np.random.default_rng(spec.seed).permutation(len(rows))
        drawn = np.array_split(shuffled, count)
    sizes = [len(fold) for fold in drawn]
    n_val, n_train = min(sizes), len(rows) - 2 * max(sizes)
    n_train -= n_train % automatic_batch(n_train)
    splits = []
    for k, test in enumerate(drawn):
        val = drawn[(k + 1) % count][:n_val]
        others = np.setdiff1d(rows, np.concatenate([test, val]))
        train = np.sort(
            np.random.default_rng([spec.seed, k]).choice(others, n_train, replace=False)
        )
        splits.append(Rows(train, np.sort(val), np.sort(test), np.setdiff1d(others, train)))
    return splits


def _partition_by_column(column: str, data: Dataset) -> Rows:
    if data.part is None:
        raise UserError(
            f"split.column={column} needs a table of your own (dataset=table). Remove"
            " split.column."
        )
    parts = np.array(data.part)
    rows = Rows(*(np.flatnonzero(parts == name) for name in ("train", "val", "test")))
    if len(rows.train) < MIN_TRAIN:
        raise UserError(
            f"split.column={column} leaves {len(rows.train)} of the {len(data.x)} rows of"
            f" {data.name} for training, but at least {MIN_TRAIN} are needed."
        )
    return rows


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
