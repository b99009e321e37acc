"""Data: `load` returns the table of a `DatasetSpec`, `partition` splits its rows."""

from aeexp.data import builtin, synthetic
from aeexp.data.dataset import (
    MOST_CLASSES,
    Classes,
    Dataset,
    Floats,
    Integers,
    Labels,
    Values,
    fingerprint,
    load,
)
from aeexp.data.features import Column
from aeexp.data.split import Rows, folds, partition
from aeexp.data.table.load import load_table

__all__ = [
    "MOST_CLASSES",
    "Classes",
    "Column",
    "Dataset",
    "Floats",
    "Integers",
    "Labels",
    "Rows",
    "Values",
    "builtin",
    "fingerprint",
    "folds",
    "load",
    "load_table",
    "partition",
    "synthetic",
]
