"""Are a row's neighbours in latent space its neighbours among the features, and conversely?"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.latent import coranking
from aeexp.analysis.latent.distance_ranks import Nearness, nearness
from aeexp.analysis.sampling import SAMPLE, chosen, mean
from aeexp.data import Floats, Integers
from aeexp.data.chunks import blocks

log = logging.getLogger(__name__)

NAMES = ("trustworthiness", "continuity")
NEIGHBOURS = 15
MOST = 5_000  # rows over all of which the means are taken: their cost is quadratic
DISTANCES = 2 * 10**8  # that are taken of a sample at most
AT_ONCE = 2**18  # of them, each of which takes some 40 bytes
TRUSTED = 0.75
"""Of a row whose place is trusted: halfway from 0.5, which random neighbours have, to 1."""


@dataclass(frozen=True)
class Neighbourhoods:
    """How well the neighbourhoods among the features are kept in a latent space.

    rows: how many there are. queries: those that are measured. of_queries: (3, queries),
    trustworthiness, continuity and area below R_NX of each one's own neighbourhood. neighbours,
    r_nx: (points,), R_NX(K) over K; see `coranking`.
    """

    rows: int
    queries: Integers
    of_queries: Floats
    neighbours: Integers
    r_nx: Floats

    @property
    def trustworthiness(self) -> Floats:
        """Return that of each row, not a number of those that are not measured: (rows,)."""
        return self._of_rows(0)

    @property
    def continuity(self) -> Floats:
        """Return that of each row, not a number of those that are not measured: (rows,)."""
        return self._of_rows(1)

    @property
    def r_nx_auc(self) -> Floats:
        """Return the area below its own R_NX of each row, as above: (rows,)."""
        return self._of_rows(2)

    def _of_rows(self, number: int) -> Floats:
        values = np.full(self.rows, np.nan)
        values[self.queries] = self.of_queries[number]
        return values

    @property
    def numbers(self) -> Mapping[str, float]:
        """Return the mean of each measure, with its standard error where rows are sampled."""
        means: dict[str, float] = {}
        for name, of_queries in zip((*NAMES, "r_nx_auc"), self.of_queries, strict=True):
            means |= mean(name, of_queries, self.rows) if len(of_queries) else {name: np.nan}
        return means

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Return which rows may be read by their neighbours in latent space: (rows,).

        Not those of which trustworthiness or continuity are below 0.75, which is halfway from
        chance to perfect. Rows that are not measured are not suspected.
        """
        return ~((self.trustworthiness < TRUSTED) | (self.continuity < TRUSTED))


def neighbourhoods(x: Floats, z: Floats) -> Mapping[str, float]:
    """Return mean trustworthiness and continuity of a latent space; see `measure`."""
    [kept] = measure(x, z)
    return {key: value for key, value in kept.numbers.items() if key.startswith(NAMES)}


def measure(x: Floats, *latents: Floats) -> list[Neighbourhoods]:
    """Return how well each of several latent spaces of a table keeps its neighbourhoods.

    All measures are at most 1, more is better, and 1 is perfect. Trustworthiness falls with rows
    that are neighbours among the factors but not among the features, continuity with those that
    are so only among the features (Venna and Kaski, 2001, doi:10.1007/3-540-44668-0_68), over 15
    neighbours, or as many as less than half of the rows; random neighbours have 0.5.
    Of more than 5,000 rows, 1,000 are chosen at random and measured against all, fewer of more
    than 200,000. Nothing is a number for fewer than 3 rows.
    x: (rows, features); latents: (rows, factors) each.
    """
    rows = len(x)
    count = min(NEIGHBOURS, (rows - 1) // 2)
    if count < 1:
        log.info("neighbourhoods: %s undefined: %d rows.", ", ".join(NAMES), rows)
        none = Neighbourhoods(
            rows, np.arange(0), np.empty((3, 0)), *coranking.curve(np.ones(rows, int))
        )
        return [none] * len(latents)
    unit = [
        z / (np.abs(z).max() or 1.0) for z in latents
    ]  # whose squares neither end at 0 nor inf
    queries = chosen(rows, MOST, min(SAMPLE, DISTANCES // rows))
    values = np.empty((len(latents), 3, len(queries)))
    counts = np.zeros((len(latents), rows), int)
    for block in blocks(len(queries), rows, AT_ONCE):
        some = queries[block]
        among_features = nearness(x, some)
        for i, z in enumerate(unit):
            among_factors = nearness(z, some)
            farther = np.maximum(among_features.ranks, among_factors.ranks)
            values[i, :2, block] = _local(among_features, among_factors, count)
            values[i, 2, block] = coranking.areas(farther)
            counts[i] += coranking.counted(farther)
    curves = map(coranking.curve, counts)
    return [
        Neighbourhoods(rows, queries, of_queries, *curve)
        for of_queries, curve in zip(values, curves, strict=True)
    ]


def _local(features: Nearness, factors: Nearness, count: int) -> Floats:
    """Return trustworthiness and continuity of each query: (2, queries)."""
    pairs = (features, factors.nearest(count)), (factors, features.nearest(count))
    excess = [np.maximum(0, of.nearer(rows) - count).sum(1) for of, rows in pairs]
    rows = features.keys.shape[1]
    return 1 - 2 * np.array(excess) / (count * (2 * rows - 3 * count - 1))
