"""Contingency tables of two partitions, and the adjusted Rand index."""

import numpy as np
from scipy.stats import random_table

from aeexp.data import Floats, Integers


def contingency(a: Integers, b: Integers) -> Integers:
    """Return the number of rows in each part of `a` and each part of `b`.

    a, b: (rows,), the part of each row, from 0, or -1 for none. Returns (1 + parts of a, 1 + parts
    of b); index 0 counts rows without a part.
    """
    parts_a, parts_b = (int(codes.max(initial=-1)) + 2 for codes in (a, b))
    cells = (a.astype(np.int64) + 1) * parts_b + (b + 1)
    return np.bincount(cells, minlength=parts_a * parts_b).reshape(parts_a, parts_b)


def adjusted_rand(tables: Integers) -> Floats:
    """Return the adjusted Rand index of contingency tables; rows without a part count as one part.

    1 for identical partitions, 0 on average for unrelated ones (Hubert and Arabie, 1985,
    doi:10.1007/BF01908075). tables: (…, parts, parts); returns (…).
    """
    together, total = _pairs(tables).sum((-2, -1)), _pairs(tables.sum((-2, -1)))
    in_a, in_b = (_pairs(tables.sum(axis)).sum(-1) for axis in (-1, -2))
    most, expected = (in_a + in_b) / 2, in_a * in_b / np.maximum(total, 1)
    trivial = most == expected  # both partitions are one part, or one part for each row
    return np.where(trivial, 1.0, (together - expected) / np.where(trivial, 1.0, most - expected))


def permuted_tables(table: Integers, copies: int, generator: np.random.Generator) -> Integers:
    """Return contingency tables of clusters and randomly permuted classes.

    Sizes of clusters and classes are unchanged. Tables with given margins are drawn directly
    (Patefield, 1981, doi:10.2307/2346669), so that the time hardly depends on the number of rows.
    table: (clusters, classes), at least one row. Returns (copies, clusters + 1, classes + 1); the
    last row and column are empty.
    """
    # SciPy 1.17 draws wrong tables for a single cluster or class: add an empty one
    margins = [np.append(table.sum(axis), 0) for axis in (1, 0)]
    tables = random_table(*margins).rvs(copies, method="patefield", random_state=generator)
    return tables.astype(np.int64)


def _pairs(counts: Integers) -> Floats:
    return counts * (counts - 1.0) / 2
