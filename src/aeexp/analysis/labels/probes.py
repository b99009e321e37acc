"""Probes: prediction of labels from the factors and from the table itself.

If a label can be predicted from a few factors as well as from all features, the factors contain
what the label means. Two probes learn from the training rows: nearest neighbours and a linear
model. Both predict the true label and permuted copies of it in one pass, as columns of one array,
so that 199 permutations cost little more than one.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
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
"""Larger inputs are replaced by a fixed random sample."""
MOST_FITS, FEW_WEIGHTS = 19, 1_000
"""Limits of permutations for the linear probe: number of fits, and weights of a fit."""

Labelling = NDArray[Any]
"""True or predicted labels of some rows, one column for each set of labels: (rows, sets)."""


@dataclass(frozen=True)
class _Kind:
    """How labels of a kind (classes or values) are predicted and scored.

    measured: name of the score. score: of the predicted labels, by set. error: its standard error
    for one set. constant: the best constant prediction. vote: predicted label from those of the
    neighbours, (rows, neighbours). linear: predictions for all rows of a linear model that learns
    labels of the training rows.
    """

    measured: str
    score: Callable[[Labelling, Labelling], Floats]
    error: Callable[[Labelling, Labelling], float]
    constant: Callable[[Labelling], float]
    vote: Callable[[Labelling], Labelling]
    linear: Callable[[Floats, Labelling], Labelling]


@dataclass(frozen=True)
class _Target:
    """A label to predict. y: (rows of the table, sets), the true labels first.

    splits: the rows to learn from and the rows that judge, of one split or of several folds.
    outputs: of a linear model, one for each class.
    """

    label: str
    kind: _Kind
    y: Labelling
    splits: Sequence[Rows]
    outputs: int

    def score(self, probe: str, input_name: str, predicted: Sequence[Labelling]) -> Score:
        """Return the score of the true labels with its p-value.

        predicted: for each split (rows, sets), rows to learn from first. The scores of the rows
        to learn from are averaged over the splits; the rows that judge are scored together.
        """
        kind, sets = self.kind, predicted[0].shape[1]
        train = [
            kind.score(self.y[rows.train, :1], labels[: len(rows.train), :1])[0]
            for rows, labels in zip(self.splits, predicted, strict=True)
        ]
        truth = np.concatenate([self.y[rows.val, :sets] for rows in self.splits])
        held_out = np.concatenate(
            [
                labels[len(rows.train) :]
                for rows, labels in zip(self.splits, predicted, strict=True)
            ]
        )
        values = kind.score(truth, held_out)
        error = kind.error(truth[:, 0], held_out[:, 0])
        name = f"{probe} {kind.measured}"
        score = Score(self.label, name, input_name, float(np.mean(train)), float(values[0]), error)
        return score.against(values[1:])


def probes(
    inputs: Mapping[str, Floats], labels: Labels, splits: Sequence[Rows], copies: int, seed: int
) -> list[Score]:
    """Return how well nearest neighbours and a linear model predict a label from each input.

    Both learn from the rows that do not judge. Neighbours: vote or mean of at most 15 (Cover and
    Hart, 1967, doi:10.1109/TIT.1967.1053964); a row is not its own neighbour. Linear: logistic or
    ridge regression on standardised columns. The input "majority" is the most frequent class, or
    the mean, of the rows to learn from. Rows without a label are ignored. There is no score for
    fewer than 2 rows to learn from or more than 100 classes. Inputs of more than 5,000 rows or
    1,000 columns are sampled.

    inputs: (rows, columns) by name. splits: one, or the folds of cross-fitting. copies: number of
    permutations of the labels over all rows (Ojala and Garriga, 2010,
    jmlr.org/papers/v11/ojala10a.html) for the neighbours. A linear model learns at most 19, and
    none if it has more than 1,000 weights. seed: of the permutations.
    """
    splits = [_sample(labelled(labels, rows)) for rows in splits]
    if min(len(rows.train) for rows in splits) < 2:
        return []
    target = _target(labels, splits, copies, seed)
    if target.outputs > MOST_CLASSES:
        return []
    with threadpool_limits(1):  # on few rows, threads mostly wait for each other
        predictions = {
            name: [_predictions(_standardised(x, rows), target, rows) for rows in splits]
            for name, x in inputs.items()
        }
    predictions[MAJORITY] = [_majority(target, rows) for rows in splits]
    return [
        target.score(probe, name, [of_split[probe] for of_split in predicted])
        for probe in PROBES
        for name, predicted in predictions.items()
    ]


def _majority(target: _Target, rows: Rows) -> Mapping[str, Labelling]:
    constant = target.kind.constant(target.y[rows.train, 0])
    count = len(rows.train) + len(rows.val)
    return dict.fromkeys(PROBES, np.full((count, 1), constant, target.y.dtype))


def _sample(rows: Rows) -> Rows:
    count = len(rows.train)
    sample = chosen(count + len(rows.val), MOST_ROWS)
    return Rows(rows.train[sample[sample < count]], rows.val[sample[sample >= count] - count])


def _target(labels: Labels, splits: Sequence[Rows], copies: int, seed: int) -> _Target:
    every = np.concatenate([part for rows in splits for part in (rows.train, rows.val)])
    first = np.sort(np.unique(every, return_index=True)[1])
    every, generator = every[first], np.random.default_rng(seed)
    true: Labelling
    match labels:
        case Classes(codes=codes):
            present, true = np.unique(codes[every], return_inverse=True)
            kind, outputs, rows = CLASSES, len(present), len(codes)
        case Values(values=values):
            kind, outputs, rows, true = VALUES, 1, len(values), values[every].astype(np.float64)
    y = np.zeros((rows, 1 + copies), true.dtype)
    y[every] = np.stack([true, *(generator.permutation(true) for _ in range(copies))], 1)
    return _Target(labels.name, kind, y, splits, outputs)


def _standardised(x: Floats, rows: Rows) -> Floats:
    """Return some rows with mean 0 and variance 1 over the training rows: (rows, columns).

    Constant columns are dropped; if all are constant, one column of zeros is returned.
    """
    train, columns = len(rows.train), chosen(x.shape[1], MOST_COLUMNS)
    x = x[np.ix_(np.concatenate([rows.train, rows.val]), columns)].astype(np.float64)
    low, high = x[:train].min(0), x[:train].max(0)
    x = x[:, varies] if (varies := low < high).any() else np.zeros((len(x), 1))
    return (x - x[:train].mean(0)) / (x[:train].std(0) if varies.any() else 1.0)


def _predictions(x: Floats, target: _Target, rows: Rows) -> Mapping[str, Labelling]:
    """Return the predictions of each probe for the rows of a split: (rows, sets)."""
    kind, train, y = target.kind, len(rows.train), target.y[rows.train]
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, train - 1)).fit(x[:train])
    near = search.kneighbors(return_distance=False)  # of training rows, without themselves
    if len(x) > train:
        near = np.concatenate([near, search.kneighbors(x[train:], return_distance=False)])
    fits = 1 + (MOST_FITS if x.shape[1] * target.outputs <= FEW_WEIGHTS else 0)
    votes = np.stack([kind.vote(labels[near]) for labels in y.T], 1)
    return {"knn": votes, "linear": kind.linear(x, y[:, :fits])}


def _vote(near: Integers) -> Integers:
    """Return the most frequent class of each row, the first one in a tie."""
    classes = int(near.max(initial=0)) + 1
    cells = near + classes * np.arange(len(near))[:, None]
    counts = np.bincount(cells.ravel(), minlength=classes * len(near))
    return counts.reshape(-1, classes).argmax(1)


def _logistic(x: Floats, y: Integers) -> Integers:
    with warnings.catch_warnings():
        # few rows of a class, or no convergence: the score shows how well the fit predicts
        warnings.simplefilter("ignore", UserWarning)
        return np.stack([_multinomial(x, labels) for labels in y.T], 1)


def _multinomial(x: Floats, y: Integers) -> Integers:
    if (y == y[0]).all():
        return np.full(len(x), y[0])
    return LogisticRegression().fit(x[: len(y)], y).predict(x)


def _ridge(x: Floats, y: Floats) -> Floats:
    train, mean = x[: len(y)], y.mean(0)
    slopes = np.linalg.solve(train.T @ train + np.eye(x.shape[1]), train.T @ (y - mean))
    return x @ slopes + mean


CLASSES = _Kind(
    "accuracy",
    scores.accuracy,
    scores.accuracy_error,
    lambda codes: int(np.bincount(codes).argmax()),
    _vote,
    _logistic,
)
VALUES = _Kind(
    "r2",
    scores.r2,
    scores.r2_error,
    lambda values: float(values.mean()),
    lambda near: near.mean(1),
    _ridge,
)
