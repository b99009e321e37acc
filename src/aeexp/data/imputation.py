"""fit: how missing cells are filled, learnt from scaled rows to train on."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import KNNImputer

from aeexp.config.spec import Missing

Scaled = NDArray[np.float32]

NEIGHBOURS = 5
MOST_DONORS = (
    2_000  # rows that are asked for their values: a search costs their number for each row
)


@dataclass(frozen=True)
class Imputation:
    """Fills cells that are not a number.

    fill: (features,), scaled, what a cell gets whose row is not asked for neighbours. donors:
    (rows, features), scaled and perhaps with gaps themselves: the five nearest to a row that have
    a value give it their mean (Troyanskaya et al., 2001, Bioinformatics 17:520); none for a
    column's own mean or median.
    """

    fill: Scaled
    donors: Scaled = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def apply(self, x: Scaled) -> Scaled:
        """Return scaled rows without gaps: (rows, features)."""
        gaps = np.isnan(x)
        if not gaps.any():
            return x
        filled = np.where(gaps, self.fill, x)
        if len(self.donors):
            rows = gaps.any(axis=1)
            known = ~np.isnan(self.donors).all(axis=0)  # by some donor: others are filled already
            filled[np.ix_(rows, known)] = self._nearest.transform(x[rows])[:, known]
        return filled

    @cached_property
    def _nearest(self) -> Any:
        imputer = KNNImputer(n_neighbors=NEIGHBOURS, keep_empty_features=True)
        return imputer.fit(self.donors)


def fit(missing: Missing, x: Scaled) -> Imputation:
    """Return what fills gaps as scaled rows to train on say: (rows, features).

    The donors are a fixed random sample of 2,000 rows where there are more.
    """
    if missing is Missing.median:
        return Imputation(np.asarray(np.nanmedian(x, axis=0)))
    mean = np.asarray(np.nanmean(x, axis=0, dtype=np.float64), np.float32)
    if missing is not Missing.knn:
        return Imputation(mean)
    donors = np.random.default_rng(0).permutation(len(x))[:MOST_DONORS]
    return Imputation(mean, x[np.sort(donors)])
