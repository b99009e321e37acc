"""Can labels be told from the factors, and as well as from the table itself?"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from aeexp.analysis.labels import scores
from aeexp.analysis.labels.scores import MAJORITY, Score, labelled
from aeexp.analysis.sampling import chosen
from aeexp.data import MOST_CLASSES, Classes, Floats, Integers, Labels, Rows, Values

PROBES = "knn", "linear"
NEIGHBOURS = 15
MOST_ROWS, MOST_COLUMNS = 5_000, 1_000
"""Of an input, of which there are more a random sample is taken, the same each time."""
MOST_FITS, FEW_WEIGHTS = 19, 1_000
"""Times that a linear probe learns shuffled labels at most, and with how many weights at most."""

Answers = NDArray[Any]
"""Labels of some rows, true or told, a column for each set of labels: (rows, sets)."""


@dataclass(frozen=True)
class _Kind:
    """What is done with labels of a kind.

    measure, error: of what is told, true labels first. usual: what labels mostly are. vote: what
    rows, (rows, votes), tell together. linear: what a model that learns labels of the training
    rows tells of all.
    """

    measured: str
    measure: Callable[[Answers, Answers], Floats]
    error: Callable[[Answers, Answers], float]
    usual: Callable[[Answers], float]
    vote: Callable[[Answers], Answers]
    linear: Callable[[Floats, Answers], Answers]


@dataclass(frozen=True)
class _Question:
    """Labels to be told, y: (rows, sets), the true ones first; first the rows to train on.

    answers: numbers that tell a label, one for each class.
    """

    label: str
    kind: _Kind
    y: Answers
    train: int
    answers: int

    @property
    def known(self) -> Answers:
        """Return the labels that are learnt from: (train, sets)."""
        return self.y[: self.train]

    def score(self, probe: str, of: str, told: Answers) -> Score:
        """Return how well the true labels are told, against the others. told: (rows, sets)."""
        y, n, kind = self.y[:, : told.shape[1]], self.train, self.kind
        train, held_out = kind.measure(y[:n, :1], told[:n, :1]), kind.measure(y[n:], told[n:])
        error = kind.error(y[n:, 0], told[n:, 0])
        name = f"{probe} {kind.measured}"
        found = Score(self.label, name, of, float(train[0]), float(held_out[0]), error)
        return found.against(held_out[1:])


def probes(
    inputs: Mapping[str, Floats], labels: Labels, rows: Rows, copies: int, seed: int
) -> list[Score]:
    """Return how well nearest neighbours and a linear model tell a label from each input.

    Both learn from the training rows, the neighbours' vote, or mean, of at most 15 (Cover and
    Hart, 1967, doi:10.1109/TIT.1967.1053964; a training row is none of its own), and logistic
    regression, or ridge regression, of standardised columns. The input "majority" is the most
    frequent class, or the mean, of the training rows. Rows without a label are left out; with
    fewer than 2 training rows, or more than 100 classes, there is no score. Of more than 5,000
    rows, or 1,000 columns, a random sample stands for all.

    inputs: (rows, columns) by name. copies: of the labels, shuffled over all rows (Ojala and
    Garriga, 2010, jmlr.org/papers/v11/ojala10a.html), that neighbours tell; a linear model learns
    at most 19, and none with more than 1,000 weights. seed: of the shuffling.
    """
    rows = _sample(labelled(labels, rows))
    if len(rows.train) < 2:
        return []
    asked = _question(labels, rows, copies, seed)
    if asked.answers > MOST_CLASSES:
        return []
    with threadpool_limits(1):  # on few rows, threads wait for each other for most of the time
        found = [_told(_standardised(x, rows), asked) for x in inputs.values()]
    usual = np.full_like(asked.y[:, :1], asked.kind.usual(asked.known[:, 0]))
    found.append(dict.fromkeys(PROBES, usual))
    return [
        asked.score(probe, name, told[probe])
        for probe in PROBES
        for name, told in zip((*inputs, MAJORITY), found, strict=True)
    ]


def _sample(rows: Rows) -> Rows:
    count = len(rows.train)
    kept = chosen(count + len(rows.val), MOST_ROWS)
    return Rows(rows.train[kept[kept < count]], rows.val[kept[kept >= count] - count])


def _question(labels: Labels, rows: Rows, copies: int, seed: int) -> _Question:
    every, generator = np.concatenate([rows.train, rows.val]), np.random.default_rng(seed)
    true: Answers
    match labels:
        case Classes(codes=codes):
            present, true = np.unique(codes[every], return_inverse=True)
            kind, answers = CLASSES, len(present)
        case Values(values=values):
            kind, answers, true = VALUES, 1, values[every].astype(np.float64)
    shuffled = [generator.permutation(true) for _ in range(copies)]
    y = np.stack([true, *shuffled], 1)
    return _Question(labels.name, kind, y, len(rows.train), answers)


def _standardised(x: Floats, rows: Rows) -> Floats:
    """Return some rows, of which those to train on have mean 0 and variance 1: (rows, columns).

    Columns that do not vary are left out; without any other, one is kept.
    """
    train, columns = len(rows.train), chosen(x.shape[1], MOST_COLUMNS)
    x = x[np.ix_(np.concatenate([rows.train, rows.val]), columns)].astype(np.float64)
    low, high = x[:train].min(0), x[:train].max(0)
    x = x[:, varies] if (varies := low < high).any() else np.zeros((len(x), 1))
    return (x - x[:train].mean(0)) / (x[:train].std(0) if varies.any() else 1.0)


def _told(x: Floats, asked: _Question) -> Mapping[str, Answers]:
    """Return what each probe tells of all rows: (rows, sets)."""
    near, kind = _neighbours(x, asked.train), asked.kind
    fits = 1 + (MOST_FITS if x.shape[1] * asked.answers <= FEW_WEIGHTS else 0)
    votes = np.stack([kind.vote(each[near]) for each in asked.known.T], 1)
    return {"knn": votes, "linear": kind.linear(x, asked.known[:, :fits])}


def _neighbours(x: Floats, train: int) -> Integers:
    """Return the nearest other training rows of all rows: (rows, neighbours)."""
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, train - 1)).fit(x[:train])
    near = search.kneighbors(return_distance=False)
    if len(x) == train:
        return near
    return np.concatenate([near, search.kneighbors(x[train:], return_distance=False)])


def _most(codes: Integers) -> int:
    return int(np.bincount(codes).argmax())


def _vote(near: Integers) -> Integers:
    """Return the most frequent class of each row, the first of several."""
    classes = int(near.max(initial=0)) + 1
    at = near + classes * np.arange(len(near))[:, None]
    counts = np.bincount(at.ravel(), minlength=classes * len(near))
    return counts.reshape(-1, classes).argmax(1)


def _logistic(x: Floats, y: Integers) -> Integers:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of few rows a class, or not quite the best
        return np.stack([_multinomial(x, each) for each in y.T], 1)


def _multinomial(x: Floats, y: Integers) -> Integers:
    if (y == y[0]).all():
        return np.full(len(x), y[0])
    return LogisticRegression().fit(x[: len(y)], y).predict(x)


def _ridge(x: Floats, y: Floats) -> Floats:
    known, mean = x[: len(y)], y.mean(0)
    slopes = np.linalg.solve(known.T @ known + np.eye(x.shape[1]), known.T @ (y - mean))
    return x @ slopes + mean


def _mean(values: Floats) -> float:
    return float(values.mean())


def _means(near: Floats) -> Floats:
    return near.mean(1)


CLASSES = _Kind("accuracy", scores.accuracy, scores.accuracy_error, _most, _vote, _logistic)
VALUES = _Kind("r2", scores.r2, scores.r2_error, _mean, _means, _ridge)
