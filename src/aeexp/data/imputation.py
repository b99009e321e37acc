"""Imputation of missing cells: `fit` learns from scaled training rows how to fill them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import KNNImputer

from aeexp.config.spec import Missing

Scaled = NDArray[np.float32]

NEIGHBOURS = 5
MOST_DONORS = 2_000  # the time to fill a row is proportional to the number of donors


@dataclass(frozen=True)
class Imputation:
    """Fills missing cells of scaled rows.

    fill: (features,), the value for a cell that no donor fills. donors: (rows, features), may
    have missing cells; none unless the method is knn. A cell becomes the mean of the 5 nearest
    donors that have the value (Troyanskaya et al., 2001, Bioinformatics 17:520).
    """

    fill: Scaled
    donors: Scaled = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def apply(self, x: Scaled) -> Scaled:
        """Return scaled rows without missing cells: (rows, features)."""
        gaps = np.isnan(x)
        if not gaps.any():
            return x
        filled = np.where(gaps, self.fill, x)
        if len(self.donors):
            rows = gaps.any(axis=1)
            donated = ~np.isnan(self.donors).all(axis=0)  # features that some donor has
            filled[np.ix_(rows, donated)] = self._nearest.transform(x[rows])[:, donated]
        return filled

    @cached_property
    def _nearest(self) -> Any:
        imputer = KNNImputer(n_neighbors=NEIGHBOURS, keep_empty_features=True)
        return imputer.fit(self.donors)


def fit(missing: Missing, x: Scaled) -> Imputation:
    """Return the imputation learnt from scaled training rows, (rows, features).

    missing: mean, median or knn. Of more than 2,000 rows, a fixed random sample becomes donors.
    """
    if missing is Missing.median:
        return Imputation(np.asarray(np.nanmedian(x, axis=0)))
    mean = np.asarray(np.nanmean(x, axis=0, dtype=np.float64), np.float32)
    if missing is not Missing.knn:
        return Imputation(mean)
    donors = np.random.default_rng(0).permutation(len(x))[:MOST_DONORS]
    return Imputation(mean, x[np.sort(donors)])


def centred_cells(
    x: NDArray[np.floating],
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.integer]]:
    """Return column means, deviations from them (0 if missing), and counts of known cells.

    Infinite cells count as missing. x: (rows, features).
    """
    present = np.isfinite(x)
    counts = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, x, 0).sum(axis=0, dtype=np.float64) / counts
    return mean, np.where(present, x - mean, 0), counts
