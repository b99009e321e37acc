"""How many rows do two partitions share, and do they agree?"""

import numpy as np
from scipy.stats import random_table

from aeexp.data import Floats, Integers


def contingency(a: Integers, b: Integers) -> Integers:
    """Return how many rows each part of `a` shares with each of `b`: (1 + parts, 1 + its parts).

    a, b: (rows,), the part of each row, from 0; -1 is none of them, which is counted first.
    """
    parts, its_parts = (int(codes.max(initial=-1)) + 2 for codes in (a, b))
    both = (a.astype(np.int64) + 1) * its_parts + (b + 1)
    counts = np.bincount(both, minlength=parts * its_parts)
    return counts.reshape(parts, its_parts)


def adjusted_rand(tables: Integers) -> Floats:
    """Return the adjusted Rand index of contingency tables; none of the parts counts as one.

    1 for the same partition, 0 on average for unrelated ones (Hubert and Arabie, 1985,
    doi:10.1007/BF01908075). tables: (…, parts, parts); returns (…).
    """
    together, of_a, of_b, all_pairs = (
        _pairs(tables).sum((-2, -1)),
        *(_pairs(tables.sum(axis)).sum(-1) for axis in (-1, -2)),
        _pairs(tables.sum((-2, -1))),
    )
    most, expected = (of_a + of_b) / 2, of_a * of_b / np.maximum(all_pairs, 1)
    alike = most == expected  # both are one part, or a part for each row
    return np.where(alike, 1.0, (together - expected) / np.where(alike, 1.0, most - expected))


def permuted_tables(table: Integers, copies: int, generator: np.random.Generator) -> Integers:
    """Return what clusters share with classes dealt out anew to the rows.

    There are as many rows in each cluster and of each class as before. Tables of given margins
    are drawn directly (Patefield, 1981, doi:10.2307/2346669), so that the time for a copy hardly
    grows with the rows. table: (clusters, classes), of at least one row; returns (copies,
    clusters + 1, classes + 1), the last of either empty.
    """
    # SciPy 1.17 draws wrong numbers where there is one cluster or class only: add an empty one
    margins = [np.append(table.sum(axis), 0) for axis in (1, 0)]
    drawn = random_table(*margins).rvs(copies, method="patefield", random_state=generator)
    return drawn.astype(np.int64)


def _pairs(counts: Integers) -> Floats:
    return counts * (counts - 1.0) / 2
