"""Do clusters tell the class of rows held out, once they are matched on the training rows?"""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment

from aeexp.analysis.clustering.partitions import adjusted_rand, permuted_tables
from aeexp.analysis.labels.scores import MAJORITY, Score, labelled, share_error
from aeexp.data import Classes, Floats, Integers, Rows
from aeexp.data.chunks import blocks


def matched(
    clusterings: Mapping[str, dict[str, Integers]],
    classes: Classes,
    rows: Rows,
    copies: int,
    seed: int,
) -> list[Score]:
    """Return how well clusters agree with classes, over training rows and rows held out.

    ari: the adjusted Rand index (Hubert and Arabie, 1985, doi:10.1007/BF01908075), noise counts as
    a cluster. accuracy: the share of rows whose cluster is matched with their class, by the best
    one-to-one matching over the training rows (Kuhn, 1955, doi:10.1002/nav.3800020109); noise is
    matched with none. Rows of no class are left out.

    The input "majority" is one cluster of all rows, which goes with the training rows' most
    frequent class.
    clusterings: (rows,) by the input's name, by the clustering's name. copies: of the classes,
    shuffled among the training rows and among those held out. seed: of the shuffling.
    """
    rows, generator = labelled(classes, rows), np.random.default_rng(seed)
    found = []
    for name, by_input in clusterings.items():
        rand, right = [], []
        for of, codes in (by_input | {MAJORITY: np.zeros_like(classes.codes)}).items():
            true = _tables(codes, classes, rows)
            permuted = [
                _permuted(table, 0 if of == MAJORITY else copies, generator) for table in true
            ]
            by_rand = Score(classes.name, f"{name}.ari", of, *_agreement(*true))
            by_right = Score(classes.name, f"{name}.accuracy", of, *_accuracy(*true))
            rand.append(by_rand.against(_rand(permuted[1])))
            right.append(by_right.against(np.array([*map(_right, *permuted)])))
        found += rand + right
    return found


def _tables(codes: Integers, classes: Classes, rows: Rows) -> tuple[Integers, Integers]:
    """Return how many training rows, and rows held out, each cluster shares with each class.

    (1 + clusters, classes) each, noise on top.
    """
    shape = int(codes.max(initial=-1)) + 2, len(classes.names)
    train, val = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for table, part in (train, rows.train), (val, rows.val):
        np.add.at(table, (codes[part] + 1, classes.codes[part]), 1)
    return train, val


def _permuted(table: Integers, copies: int, generator: np.random.Generator) -> Integers:
    if not copies or not table.any():
        return np.zeros((copies, *(count + 1 for count in table.shape)), np.int64)
    return permuted_tables(table, copies, generator)


def _agreement(train: Integers, val: Integers) -> tuple[float, float, float]:
    return float(_rand(train)), float(_rand(val)), _rand_error(val)


def _rand(tables: Integers) -> Floats:
    return np.where(tables.any((-2, -1)), adjusted_rand(tables), np.nan)


def _rand_error(table: Integers) -> float:
    """Return the standard error of the index, by leaving out a row at a time.

    The jackknife (Efron and Stein, 1981, doi:10.1214/aos/1176345462); rows of one cluster and
    class are alike. Not a number of fewer than 3 rows.
    """
    count = int(table.sum())
    if count < 3:
        return np.nan
    cells = np.argwhere(table)
    without = np.concatenate([_without(table, cells[of]) for of in blocks(len(cells), table.size)])
    weight = table[table > 0] / count
    return float(np.sqrt((count - 1) * weight @ np.square(without - weight @ without)))


def _without(table: Integers, cells: Integers) -> Floats:
    tables = np.repeat(table[None], len(cells), 0)
    tables[np.arange(len(cells)), *cells.T] -= 1
    return adjusted_rand(tables)


def _accuracy(train: Integers, val: Integers) -> tuple[float, float, float]:
    right = _right(train, val)
    count = int(val.sum())
    error = share_error(round(right * count), count) if count else np.nan
    return _right(train, train), right, error


def _right(train: Integers, val: Integers) -> float:
    """Return the share of rows held out whose cluster is matched with their class."""
    pairs = linear_sum_assignment(-train[1:])
    return float(val[1:][pairs].sum() / val.sum()) if val.any() else np.nan
