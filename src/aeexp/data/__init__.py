"""load: DatasetSpec -> Dataset; partition: which rows are trained on."""

from aeexp.data import builtin, synthetic
from aeexp.data.dataset import (
    Classes,
    Dataset,
    Floats,
    Integers,
    Labels,
    Values,
    fingerprint,
    load,
)
from aeexp.data.split import Rows, partition

__all__ = [
    "Classes",
    "Dataset",
    "Floats",
    "Integers",
    "Labels",
    "Rows",
    "Values",
    "builtin",
    "fingerprint",
    "load",
    "partition",
    "synthetic",
]
