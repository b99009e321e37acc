"""Which rows are trained on, and which are held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from aeexp.config.spec import Split
from aeexp.data.dataset import Classes, Dataset, Integers
from aeexp.errors import UserError, key
from aeexp.text import counted

FEWEST = 2  # rows to train on: one has no variance to explain


@dataclass(frozen=True)
class Rows:
    """A partition of a table's row numbers; `val` may be empty."""

    train: Integers
    val: Integers

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Return whether each row is held out, in input order."""
        mask = np.zeros(len(self.train) + len(self.val), bool)
        mask[self.val] = True
        return mask

    @property
    def judged(self) -> tuple[str, Integers]:
        """Return which rows tell how good a model is: those held out, if there are any."""
        return ("val", self.val) if self.val.size else ("train", self.train)

    @property
    def names(self) -> NDArray[np.str_]:
        """Return `train` or `val` for each row, in input order."""
        return np.where(self.held_out, "val", "train")


def partition(spec: Split, data: Dataset) -> Rows:
    """Split the rows as `sklearn.model_selection.train_test_split` does.

    Raises:
        UserError: Too few rows for the share held out, or nothing to stratify by.
    """
    every = np.arange(len(data.x))
    if spec.column is not None:
        return _preset(spec, data)
    held_out = int(np.ceil(spec.validation * len(every)))
    if len(every) - held_out < FEWEST:
        message = (
            f"{key('split.validation')}={spec.validation} leaves"
            f" {max(0, len(every) - held_out)} of the {len(every)} rows of {data.name} to train"
            f" on, and {FEWEST} are needed: give more rows or hold out fewer."
        )
        raise UserError(message)
    if not held_out:
        return Rows(every, every[:0])
    train, val = train_test_split(
        every, test_size=spec.validation, random_state=spec.seed, stratify=_strata(spec, data)
    )
    return Rows(train, val)


def _preset(spec: Split, data: Dataset) -> Rows:
    """Return the rows as the table itself splits them."""
    if data.part is None:
        message = (
            f"split.column={spec.column}: only a table of your own (dataset=table) can say which"
            " rows are held out; leave it out."
        )
        raise UserError(message)
    held_out = np.array(data.part) == "val"
    train, val = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if len(train) < FEWEST:
        message = (
            f"split.column={spec.column} leaves {len(train)} of the {len(data.x)} rows of"
            f" {data.name} to train on, and {FEWEST} are needed."
        )
        raise UserError(message)
    return Rows(train, val)


def _strata(spec: Split, data: Dataset) -> Integers | None:
    if not spec.stratify:
        return None
    if not isinstance(data.label, Classes):
        message = (
            f"split.stratify=true needs classes, and {data.name} has none:"
            " leave split.stratify at false."
        )
        raise UserError(message)
    return _checked(spec, data, data.label)


def _checked(spec: Split, data: Dataset, labels: Classes) -> Integers:
    counts = np.unique(labels.codes, return_counts=True)[1]
    held_out = int(np.ceil(spec.validation * len(data.x)))
    if counts.min() < 2 or min(held_out, len(data.x) - held_out) < len(counts):
        message = (
            f"split.stratify=true needs a row of each of the {len(counts)} classes on either side"
            f" of the split; {data.name} has a class of {counts.min()}, and"
            f" {counted(held_out, 'row')} would be held out: leave split.stratify at false or"
            " change split.validation."
        )
        raise UserError(message)
    return labels.codes
