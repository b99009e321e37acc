"""Prediction of classes by clusters that are matched with classes on the training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from aeexp.analysis.clustering.partitions import adjusted_rand, permuted_tables
from aeexp.analysis.labels.scores import MAJORITY, Permutations, Score, labelled, share_error
from aeexp.data import Classes, Floats, Integers, Rows
from aeexp.data.chunks import blocks
from aeexp.data.design import Design


def matched(
    clusterings: Mapping[str, dict[str, Integers]],
    classes: Classes,
    splits: Sequence[Rows],
    permutations: Permutations,
) -> list[Score]:
    """Return the agreement of clusters with classes on training rows and held-out rows.

    ari: adjusted Rand index (Hubert and Arabie, 1985, doi:10.1007/BF01908075); noise counts as a
    cluster. accuracy: share of rows whose cluster is matched with their class, by the best
    one-to-one matching on the training rows (Kuhn, 1955, doi:10.1002/nav.3800020109); noise is not
    matched. Rows without a class are ignored.

    The input "majority" is one cluster of all rows, matched with the most frequent class of the
    training rows. clusterings: (rows,) by the name of the input, by the name of the clustering.
    splits: one, or the folds of cross-fitting, whose tables are added.
    permutations: of the classes, among training rows and among held-out rows; of rows that depend
    on one another, among all rows (see `Design.rearranged`).
    """
    splits = [labelled(classes, rows) for rows in splits]
    copies, design = permutations.copies, permutations.design
    generator = np.random.default_rng(permutations.seed)
    rearranged = [] if design.is_exchangeable else _rearranged(classes, copies, design, generator)
    scores = []
    for name, by_input in clusterings.items():
        rand, accuracy = [], []
        for input_name, codes in (by_input | {MAJORITY: np.zeros_like(classes.codes)}).items():
            tables = [_tables(codes, classes, rows) for rows in splits]
            number = 0 if input_name == MAJORITY else copies
            if rearranged and number:
                null = [_tables_of_copies(codes, rearranged, rows) for rows in splits]
            else:
                null = [
                    (_permuted(train, number, generator), _permuted(val, number, generator))
                    for train, val in tables
                ]
            train, val = (np.sum(several, 0) for several in zip(*tables, strict=True))
            null_val = np.sum([held_out for _, held_out in null], 0)
            ari = float(_rand(train)), float(_rand(val)), _rand_error(val)
            right, count = _accuracy(tables), int(val.sum())
            of_rand = Score(classes.name, f"{name}.ari", input_name, count, *ari)
            rand.append(of_rand.against(_rand(null_val)))
            error = share_error(round(right * count), count) if count else np.nan
            shares = _accuracy([(t, t) for t, _ in tables]), right, error
            copied = [_accuracy([(t[i], v[i]) for t, v in null]) for i in range(number)]
            of_shares = Score(classes.name, f"{name}.accuracy", input_name, count, *shares)
            accuracy.append(of_shares.against(np.array(copied)))
        scores += rand + accuracy
    return scores


def _tables(codes: Integers, classes: Classes, rows: Rows) -> tuple[Integers, Integers]:
    """Return contingency tables of clusters and classes, of training and of held-out rows.

    (1 + clusters, classes) each; the first row is noise.
    """
    shape = int(codes.max(initial=-1)) + 2, len(classes.names)
    train, val = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for table, part in (train, rows.train), (val, rows.val):
        np.add.at(table, (codes[part] + 1, classes.codes[part]), 1)
    return train, val


def _rearranged(
    classes: Classes, copies: int, design: Design, generator: np.random.Generator
) -> list[Classes]:
    """Return copies of the classes, rearranged among the rows that have one."""
    known = np.flatnonzero(classes.codes >= 0)
    codes, design = classes.codes[known], design.take(known)
    several = []
    for _ in range(copies):
        copy = classes.codes.copy()
        copy[known] = codes[design.rearranged(len(codes), generator)]
        several.append(replace(classes, codes=copy))
    return several


def _tables_of_copies(
    codes: Integers, copies: Sequence[Classes], rows: Rows
) -> tuple[Integers, Integers]:
    pairs = [_tables(codes, classes, rows) for classes in copies]
    train, val = (np.array(several) for several in zip(*pairs, strict=True))
    return train, val


def _permuted(table: Integers, copies: int, generator: np.random.Generator) -> Integers:
    if not copies or not table.any():
        return np.zeros((copies, *(count + 1 for count in table.shape)), np.int64)
    return permuted_tables(table, copies, generator)


def _rand(tables: Integers) -> Floats:
    return np.where(tables.any((-2, -1)), adjusted_rand(tables), np.nan)


def _rand_error(table: Integers) -> float:
    """Return the jackknife standard error of the adjusted Rand index, NaN for fewer than 3 rows.

    Efron and Stein (1981, doi:10.1214/aos/1176345462). Leaving out any row of a cell of the table
    has the same effect, so that one evaluation per cell is enough.
    """
    count = int(table.sum())
    if count < 3:
        return np.nan
    cells = np.argwhere(table)
    without = np.concatenate(
        [_without(table, cells[block]) for block in blocks(len(cells), table.size)]
    )
    weight = table[table > 0] / count
    return float(np.sqrt((count - 1) * weight @ np.square(without - weight @ without)))


def _without(table: Integers, cells: Integers) -> Floats:
    tables = np.repeat(table[None], len(cells), 0)
    tables[np.arange(len(cells)), *cells.T] -= 1
    return adjusted_rand(tables)


def _accuracy(tables: Sequence[tuple[Integers, Integers]]) -> float:
    """Return the share of held-out rows whose cluster is matched with their class.

    tables: of training rows, which decide the match, and of held-out rows; one pair a split.
    """
    right = count = 0
    for train, val in tables:
        right += val[1:][linear_sum_assignment(-train[1:])].sum()
        count += val.sum()
    return float(right / count) if count else np.nan
