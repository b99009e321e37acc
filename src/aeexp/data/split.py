"""Split of a table's rows into training rows and held-out rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from aeexp.config.spec import Split
from aeexp.data.dataset import Classes, Dataset, Integers
from aeexp.errors import UserError, key
from aeexp.text import counted

MIN_TRAIN = 2  # a single row has no variance to explain


@dataclass(frozen=True)
class Rows:
    """A partition of a table's row numbers into `train` and `val`, which may be empty."""

    train: Integers
    val: Integers

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Return whether each row is held out, in input order."""
        mask = np.zeros(len(self.train) + len(self.val), bool)
        mask[self.val] = True
        return mask

    @property
    def evaluated(self) -> tuple[str, Integers]:
        """Return the rows that a model is evaluated on: the held-out rows, if there are any."""
        return ("val", self.val) if self.val.size else ("train", self.train)

    @property
    def names(self) -> NDArray[np.str_]:
        """Return `train` or `val` for each row, in input order."""
        return np.where(self.held_out, "val", "train")


def partition(spec: Split, data: Dataset) -> Rows:
    """Split the rows by a column, or as `sklearn.model_selection.train_test_split` does.

    Raises:
        UserError: Fewer than 2 training rows are left, or the rows cannot be stratified.
    """
    if spec.column is not None:
        return _partition_by_column(spec.column, data)
    every = np.arange(len(data.x))
    held_out = int(np.ceil(spec.validation * len(every)))
    if len(every) - held_out < MIN_TRAIN:
        raise UserError(
            f"{key('split.validation')}={spec.validation} leaves"
            f" {max(0, len(every) - held_out)} of the {len(every)} rows of {data.name} for"
            f" training, but at least {MIN_TRAIN} are needed. Use more rows, or hold out fewer."
        )
    if not held_out:
        return Rows(every, every[:0])
    classes = _classes(data, held_out) if spec.stratify else None
    train, val = train_test_split(
        every, test_size=spec.validation, random_state=spec.seed, stratify=classes
    )
    return Rows(train, val)


def _partition_by_column(column: str, data: Dataset) -> Rows:
    if data.part is None:
        raise UserError(
            f"split.column={column} needs a table of your own (dataset=table). Remove"
            " split.column."
        )
    held_out = np.array(data.part) == "val"
    train, val = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if len(train) < MIN_TRAIN:
        raise UserError(
            f"split.column={column} leaves {len(train)} of the {len(data.x)} rows of {data.name}"
            f" for training, but at least {MIN_TRAIN} are needed."
        )
    return Rows(train, val)


def _classes(data: Dataset, held_out: int) -> Integers:
    """Return the class of each row, to stratify by."""
    if not isinstance(data.label, Classes):
        raise UserError(
            f"split.stratify=true needs classes, but {data.name} has none. Set"
            " split.stratify=false."
        )
    counts = np.unique(data.label.codes, return_counts=True)[1]
    if counts.min() < 2 or min(held_out, len(data.x) - held_out) < len(counts):
        raise UserError(
            f"split.stratify=true needs a training row and a held-out row of each of the"
            f" {len(counts)} classes. The smallest class of {data.name} has"
            f" {counted(counts.min(), 'row')}, and {counted(held_out, 'row')} would be held out."
            " Set split.stratify=false, or change split.validation."
        )
    return data.label.codes
