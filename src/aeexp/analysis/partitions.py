"""How many rows do two partitions share, and do they agree?"""

import numpy as np

from aeexp.data import Floats, Integers


def contingency(a: Integers, b: Integers) -> Integers:
    """Return how many rows each part of `a` shares with each of `b`: (1 + parts, 1 + its parts).

    a, b: (rows,), the part of each row, from 0; -1 is none of them, which is counted first.
    """
    parts, its_parts = (int(codes.max(initial=-1)) + 2 for codes in (a, b))
    counts = np.bincount((a + 1) * its_parts + (b + 1), minlength=parts * its_parts)
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


def _pairs(counts: Integers) -> Floats:
    return counts * (counts - 1.0) / 2
