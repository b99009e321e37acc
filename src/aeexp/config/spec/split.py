"""Split into training, validation and test rows."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import Spec, param

FRACTION = 0.2
"""Fraction of validation rows, and of test rows, where no fraction is set."""
FOLDS, FEWEST_ROWS, FEW_ROWS = 5, 20, 1_000
"""Tables are cross-fitted in so many folds where nothing is set, if they have at least as many and
fewer than as many rows. Smaller tables have no test rows."""


class Together(Enum):
    """The rows that are held out together."""

    rows = "rows"
    groups = "groups"
    blocks = "blocks"


@dataclass(kw_only=True)
class Split(Spec):
    """Split into rows that train, rows that decide (validation) and rows that judge (test)."""

    validation: float | None = param(
        None,
        "Fraction of validation rows, which decide the number of epochs and the model. auto: 0.2.",
        automatic=True,
        at_least=0,
        below=1,
    )
    test: float | None = param(
        None,
        "Fraction of test rows, which judge the model and decide nothing. auto: 0.2, or 0 if"
        " split.validation is set. Without test rows, the validation rows judge.",
        automatic=True,
        at_least=0,
        below=1,
    )
    folds: int | None = param(
        None,
        "Cross-fitting: as many models as folds, each judged on another fold of the rows; the"
        " model that is kept learns from all rows. 1: a single split. auto: 5 for tables of 20 to"
        " 999 rows if no fraction and no column is set, else 1.",
        automatic=True,
        at_least=1,
    )
    by: Together | None = param(
        None,
        "Rows that are held out together: single rows, whole groups of dataset.group, or blocks of"
        " dataset.time with a gap around them. auto: groups, if there are three or more; else"
        " blocks, if rows are in time; else rows.",
        automatic=True,
    )
    seed: int = param(0, "Random seed of the split.", at_least=0, below=2**32)
    stratify: bool = param(False, "Stratify: hold out the same fraction of every class.")
    column: str | None = param(
        None, "Column of your own table with the split: train, val or test."
    )

    def fractions(self, rows: int) -> tuple[float, float]:
        """Return the fractions of validation rows and of test rows of a single split."""
        validation = FRACTION if self.validation is None else self.validation
        test = FRACTION if self.validation is None and rows >= FEWEST_ROWS else 0.0
        return validation, test if self.test is None else self.test

    def folds_of(self, rows: int) -> int:
        """Return the number of folds for a table of this many rows; 1 is a single split."""
        if self.folds is not None:
            return self.folds
        is_set = (self.validation, self.test, self.column) != (None, None, None)
        return FOLDS if not is_set and FEWEST_ROWS <= rows < FEW_ROWS else 1
