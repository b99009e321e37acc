"""The batch of the rows, such as a plate, and whether it is confounded with a label."""

from dataclasses import dataclass

import numpy as np

from aeexp.analysis.clustering.partitions import contingency
from aeexp.config.spec import BatchCorrection
from aeexp.data import Classes, Dataset, Floats

CONFOUNDED = 0.5
"""Cramér's V from which batch and label count as confounded."""


@dataclass(frozen=True)
class Batch:
    """The batch of a table.

    name: of its column. label: first label with classes, "" if there is none. v: Cramér's V of the
    two, from 0 to 1; NaN without such a label. stronger: the correction that removes more, if any.
    """

    name: str
    label: str = ""
    v: float = np.nan
    stronger: str = ""

    @property
    def is_confounded(self) -> bool:
        """Return whether the effects of batch and label cannot be separated."""
        return self.v >= CONFOUNDED


def batch_of(data: Dataset) -> Batch | None:
    """Return the batch of a table, None if it has none."""
    if data.batch is None:
        return None
    codes = next(labels for labels in data.labels if labels.name == data.batch)
    label = next((labels for labels in data.own_labels if isinstance(labels, Classes)), None)
    stronger = BatchCorrection.mean.value
    if data.covariates and data.batch in data.covariates.names:
        stronger = "" if data.covariates.batch else BatchCorrection.mean_and_scale.value
    if label is None or not isinstance(codes, Classes):
        return Batch(data.batch, stronger=stronger)
    table = contingency(codes.codes, label.codes)[1:, 1:]  # without rows that lack either
    return Batch(data.batch, label.name, cramers_v(table.astype(float)), stronger)


def cramers_v(table: Floats) -> float:
    """Return the association of the rows and columns of a contingency table, from 0 to 1.

    Corrected for chance (Bergsma, 2013, doi:10.1016/j.jkss.2012.10.002). NaN if either has one
    value.
    """
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    rows, columns, total = *table.shape, table.sum()
    if min(rows, columns) < 2:
        return np.nan
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    phi = float((np.square(table - expected) / expected).sum() / total)
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (total - 1))
    least = min(n - (n - 1) ** 2 / (total - 1) for n in (rows, columns)) - 1
    return float(np.sqrt(phi / least)) if least > 0 else np.nan
