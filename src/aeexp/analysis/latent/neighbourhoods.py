"""Neighbourhood preservation: trustworthiness, continuity and R_NX.

Both compare the ranks of rows by distance among the features and in latent space (Venna and Kaski,
2001, doi:10.1007/3-540-44668-0_68). Trustworthiness penalises false neighbours, which are near in
latent space only. Continuity penalises missing neighbours, which are near among the features only.
The penalty is the excess of the rank over the number of neighbours, scaled to at most 1.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.latent import coranking
from aeexp.analysis.latent.distance_ranks import DistanceRanks, distance_ranks
from aeexp.analysis.sampling import SAMPLE, chosen, mean
from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks

log = logging.getLogger(__name__)

NAMES = ("trustworthiness", "continuity")
NEIGHBOURS = 15
MOST = 5_000  # rows up to which all rows are measured: the cost is quadratic
DISTANCES = 2 * 10**8  # computed for a sample at most
AT_ONCE = 2**18  # distances in a block, of about 40 bytes each
TRUSTED = 0.75
"""Minimum for a reliable row: halfway between 0.5 (random neighbours) and 1."""


@dataclass(frozen=True)
class Neighbourhoods:
    """Neighbourhood preservation of a latent space.

    rows: number of rows. queries: indices of the measured rows. of_queries: (3, queries),
    trustworthiness, continuity and area under R_NX of each measured row. neighbours, r_nx:
    (points,), the curve R_NX(K) over K; see `coranking`.
    """

    rows: int
    queries: Integers
    of_queries: Floats
    neighbours: Integers
    r_nx: Floats

    @property
    def trustworthiness(self) -> Floats:
        """Return the trustworthiness of each row, NaN if it is not measured: (rows,)."""
        return self._of_rows(0)

    @property
    def continuity(self) -> Floats:
        """Return the continuity of each row, NaN if it is not measured: (rows,)."""
        return self._of_rows(1)

    @property
    def r_nx_auc(self) -> Floats:
        """Return the area under R_NX of each row, NaN if it is not measured: (rows,)."""
        return self._of_rows(2)

    def _of_rows(self, number: int) -> Floats:
        values = np.full(self.rows, np.nan)
        values[self.queries] = self.of_queries[number]
        return values

    @property
    def numbers(self) -> Mapping[str, float]:
        """Return the mean of each metric, with its standard error if rows are sampled."""
        means: dict[str, float] = {}
        for name, of_queries in zip((*NAMES, "r_nx_auc"), self.of_queries, strict=True):
            means |= mean(name, of_queries, self.rows) if len(of_queries) else {name: np.nan}
        return means

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Return which rows have reliable neighbours in latent space: (rows,).

        Their trustworthiness and continuity are at least 0.75, halfway between chance and perfect.
        Rows that are not measured count as reliable.
        """
        return ~((self.trustworthiness < TRUSTED) | (self.continuity < TRUSTED))


def neighbourhoods(x: Floats, z: Floats) -> Mapping[str, float]:
    """Return mean trustworthiness and continuity of a latent space; see `measure`."""
    [measured] = measure(x, z)
    return {key: value for key, value in measured.numbers.items() if key.startswith(NAMES)}


def measure(x: Floats, *latents: Floats) -> list[Neighbourhoods]:
    """Return the neighbourhood preservation of several latent spaces of a table.

    All metrics are at most 1, which is perfect; higher is better. Trustworthiness and continuity
    are computed for 15 neighbours, or fewer than half of the rows; random neighbours have 0.5.
    If there are more than 5,000 rows, a random sample of 1,000 is compared with all rows (fewer
    for more than 200,000). NaN for fewer than 3 rows.
    x: (rows, features). latents: arrays of (rows, factors).
    """
    rows = len(x)
    count = min(NEIGHBOURS, (rows - 1) // 2)
    if count < 1:
        log.info("neighbourhoods: %s undefined: %d rows.", ", ".join(NAMES), rows)
        none = Neighbourhoods(
            rows, np.arange(0), np.empty((3, 0)), *coranking.curve(np.ones(rows, int))
        )
        return [none] * len(latents)
    # scaled, so that squared distances neither underflow nor overflow
    unit = [z / (np.abs(z).max() or 1.0) for z in latents]
    queries = chosen(rows, MOST, min(SAMPLE, DISTANCES // rows))
    values = np.empty((len(latents), 3, len(queries)))
    counts = np.zeros((len(latents), rows), int)
    for block in blocks(len(queries), rows, AT_ONCE):
        features = distance_ranks(x, queries[block])
        for i, z in enumerate(unit):
            factors = distance_ranks(z, queries[block])
            farther = np.maximum(features.ranks, factors.ranks)
            values[i, :2, block] = _local(features, factors, count)
            values[i, 2, block] = coranking.areas(farther)
            counts[i] += coranking.counted(farther)
    curves = map(coranking.curve, counts)
    return [
        Neighbourhoods(rows, queries, of_queries, *curve)
        for of_queries, curve in zip(values, curves, strict=True)
    ]


def _local(features: DistanceRanks, factors: DistanceRanks, count: int) -> Floats:
    """Return trustworthiness and continuity of each query: (2, queries)."""
    pairs = (features, factors.nearest(count)), (factors, features.nearest(count))
    excess = [np.maximum(0, ranks.nearer(rows) - count).sum(1) for ranks, rows in pairs]
    rows = features.keys.shape[1]
    return 1 - 2 * np.array(excess) / (count * (2 * rows - 3 * count - 1))
