"""Probes: prediction of labels from the factors and from the table itself.

If a label can be predicted from a few factors as well as from all features, the factors contain
what the label means. Two probes learn from the training rows: nearest neighbours and a linear
model. Both predict the true label and permuted copies of it in one pass, as columns of one array,
so that 199 permutations cost little more than one. The linear models have closed forms for the
same reason.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from aeexp.analysis.labels import scores
from aeexp.analysis.labels.scores import MAJORITY, Permutations, Score, labelled
from aeexp.analysis.sampling import chosen
from aeexp.data import MOST_CLASSES, Classes, Floats, Integers, Labels, Rows, Values
from aeexp.data.design import Design, error_of_sum, sums

NEIGHBOURS = 15
MOST_ROWS, MOST_COLUMNS = 5_000, 1_000
"""Larger inputs are replaced by a fixed random sample."""
FEW_WEIGHTS = 1_000
"""Weights of a linear model up to which it learns permuted labels."""
PENALTY = 1.0
"""Of the squared weights of linear models, whose columns have unit variance, over all rows."""

Labelling = NDArray[Any]
"""True or predicted labels of some rows, one column for each set of labels: (rows, sets)."""
_Predicted = tuple[float, Labelling]
"""Score of the true labels on the learnt rows, and predictions for the rows that judge."""


@dataclass(frozen=True)
class _Measure:
    """How predicted labels are scored.

    score: of each set, the sum of the `merits` of its rows. error: standard error of the score of
    one set. merits: of each row.
    """

    score: Callable[[Labelling, Labelling], Floats]
    error: Callable[[Labelling, Labelling], float]
    merits: Callable[[Labelling, Labelling], Floats]


@dataclass(frozen=True)
class _Kind:
    """How labels of a kind (classes or values) are predicted.

    measures: by the name of the score. constant: the best constant prediction. near: predictions
    by the name of the score, from the labels of the neighbours, (rows, neighbours), and the
    labels that are learnt. linear: predictions for all rows of a linear model that learns labels
    of the first rows; its score is named `linear_score`.
    """

    measures: Mapping[str, _Measure]
    constant: Callable[[Labelling], float]
    near: Callable[[Labelling, Labelling], Mapping[str, Labelling]]
    linear: Callable[[Floats, Labelling], Labelling]
    linear_score: str


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


def probes(
    inputs: Mapping[str, Floats],
    labels: Labels,
    splits: Sequence[Rows],
    permutations: Permutations,
) -> list[Score]:
    """Return how well nearest neighbours and a linear model predict a label from each input.

    Both learn from the rows that do not judge. Neighbours: vote or mean of at most 15 (Cover and
    Hart, 1967, doi:10.1109/TIT.1967.1053964); a row is not its own neighbour. For the balanced
    accuracy, votes are divided by the number of rows of their class. Linear: discriminant analysis
    (Fisher, 1936, doi:10.1111/j.1469-1809.1936.tb02137.x) or ridge regression (Hoerl and Kennard,
    1970, doi:10.1080/00401706.1970.10488634) on standardised columns. The input "majority" is the
    most frequent class, or the mean, of the rows to learn from. Rows without a label are ignored.
    There is no score for fewer than 2 rows to learn from or more than 100 classes. Inputs of more
    than 5,000 rows or 1,000 columns are sampled.

    inputs: (rows, columns) by name; the others are compared with the first. splits: one, or the
    folds of cross-fitting. permutations: of the labels over all rows (Ojala and Garriga, 2010,
    jmlr.org/papers/v11/ojala10a.html; see `Design.rearranged`). A linear model with more than
    1,000 weights learns none.
    """
    splits = [_sample(labelled(labels, rows)) for rows in splits]
    if min(len(rows.train) for rows in splits) < 2:
        return []
    target = _target(labels, splits, permutations)
    if target.outputs > MOST_CLASSES:
        return []
    with threadpool_limits(1):  # on few rows, threads mostly wait for each other
        predictions = {name: _predictions(x, target) for name, x in inputs.items()}
    predictions[MAJORITY] = _predictions(None, target)
    return [
        score
        for number in target.kind.measures
        for score in _scores(
            target,
            number,
            {name: p[number] for name, p in predictions.items()},
            permutations.design,
        )
    ]


def _sample(rows: Rows) -> Rows:
    count = len(rows.train)
    sample = chosen(count + len(rows.val), MOST_ROWS)
    return Rows(rows.train[sample[sample < count]], rows.val[sample[sample >= count] - count])


def _target(labels: Labels, splits: Sequence[Rows], permutations: Permutations) -> _Target:
    every = np.concatenate([part for rows in splits for part in (rows.train, rows.val)])
    first = np.sort(np.unique(every, return_index=True)[1])
    every, generator = every[first], np.random.default_rng(permutations.seed)
    copies, design = permutations.copies, permutations.design
    if not design.is_exchangeable:
        every = np.sort(every)
        design = design.take(every)
    true: Labelling
    match labels:
        case Classes(codes=codes):
            present, true = np.unique(codes[every], return_inverse=True)
            kind, outputs, rows = CLASSES, len(present), len(codes)
        case Values(values=values):
            kind, outputs, rows, true = VALUES, 1, len(values), values[every].astype(np.float64)
    y = np.zeros((rows, 1 + copies), true.dtype)
    permuted = (true[design.rearranged(len(true), generator)] for _ in range(copies))
    y[every] = np.stack([true, *permuted], 1)
    return _Target(labels.name, kind, y, splits, outputs)


def _scores(
    target: _Target, number: str, predictions: Mapping[str, _Predicted], design: Design
) -> Iterator[Score]:
    """Yield the score of each input, with p-values against permuted labels and the first input."""
    judge = np.concatenate([rows.val for rows in target.splits])
    units = design.units(len(target.y))[judge]
    measure, first = target.kind.measures[number], None
    for name, (train, predicted) in predictions.items():
        truth = target.y[judge, : predicted.shape[1]]
        held_out = measure.score(truth, predicted)
        merits = measure.merits(truth[:, 0], predicted[:, 0])
        error = (
            measure.error(truth[:, 0], predicted[:, 0])
            if design.is_exchangeable
            else error_of_sum(merits, units)
        )
        score = Score(target.label, number, name, len(judge), train, float(held_out[0]), error)
        score = score.against(held_out[1:])
        if first is None:
            first = merits
            yield score
        else:
            difference = float((first - merits).sum()) if len(judge) else np.nan
            p = scores.paired_p(sums(first - merits, units))
            yield replace(score, difference=difference, difference_p=p)


def _predictions(x: Floats | None, target: _Target) -> Mapping[str, _Predicted]:
    """Return the predictions by the name of their score.

    x: (rows of the table, columns); None predicts the same label for all rows. The scores of the
    rows to learn from are averaged over the splits; the rows that judge are scored together.
    """
    trained: dict[str, list[float]] = {number: [] for number in target.kind.measures}
    predicted: dict[str, list[Labelling]] = {number: [] for number in target.kind.measures}
    for rows in target.splits:
        y, learnt = target.y[rows.train], len(rows.train)
        if x is None:
            count, constant = learnt + len(rows.val), target.kind.constant(y[:, 0])
            same = np.full((count, 1), constant, y.dtype)
            labels: Mapping[str, Labelling] = dict.fromkeys(target.kind.measures, same)
        else:
            labels = _learnt(_standardised(x, rows), y, target)
        for number, of_rows in labels.items():
            score = target.kind.measures[number].score(y[:, :1], of_rows[:learnt, :1])
            trained[number].append(float(score[0]))
            predicted[number].append(of_rows[learnt:])
    return {
        number: (float(np.mean(trained[number])), np.concatenate(predicted[number]))
        for number in target.kind.measures
    }


def _standardised(x: Floats, rows: Rows) -> Floats:
    """Return some rows with mean 0 and variance 1 over the training rows: (rows, columns).

    Constant columns are dropped; if all are constant, one column of zeros is returned.
    """
    train, columns = len(rows.train), chosen(x.shape[1], MOST_COLUMNS)
    x = x[np.ix_(np.concatenate([rows.train, rows.val]), columns)].astype(np.float64)
    low, high = x[:train].min(0), x[:train].max(0)
    x = x[:, varies] if (varies := low < high).any() else np.zeros((len(x), 1))
    return (x - x[:train].mean(0)) / (x[:train].std(0) if varies.any() else 1.0)


def _learnt(x: Floats, y: Labelling, target: _Target) -> Mapping[str, Labelling]:
    """Return the predictions of each probe for all rows. y: (learnt rows, sets)."""
    kind, learn = target.kind, len(y)
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, learn - 1)).fit(x[:learn])
    near = search.kneighbors(return_distance=False)  # of learnt rows, without themselves
    if len(x) > learn:
        near = np.concatenate([near, search.kneighbors(x[learn:], return_distance=False)])
    sets = y.shape[1] if x.shape[1] * target.outputs <= FEW_WEIGHTS else 1
    by_set = [kind.near(labels[near], labels) for labels in y.T]
    predicted = {number: np.stack([p[number] for p in by_set], 1) for number in by_set[0]}
    return predicted | {kind.linear_score: kind.linear(x, y[:, :sets])}


def _by_votes(near: Integers, learnt: Integers) -> Mapping[str, Integers]:
    """Return the class with the most votes of each row, the first one in a tie.

    For the balanced accuracy, votes are relative to the number of learnt rows of their class.
    """
    sizes = np.bincount(learnt)
    cells = near + len(sizes) * np.arange(len(near))[:, None]
    votes = np.bincount(cells.ravel(), minlength=len(sizes) * len(near)).reshape(len(near), -1)
    relative = votes / np.maximum(sizes, 1)
    return {"knn accuracy": votes.argmax(1), "knn balanced accuracy": relative.argmax(1)}


def _discriminant(x: Floats, y: Integers) -> Integers:
    """Return the classes of all rows by linear discriminant analysis with a ridge penalty.

    Its covariance is that of the rows within their classes, W = G - M'DM, with the scatter G of
    all rows and the means M and sizes D of the classes. Only M and D depend on the labels, so that
    G is inverted once, and W by the Woodbury identity.
    """
    learnt = x[: len(y)]
    scatter = learnt.T @ learnt + PENALTY * np.eye(x.shape[1])
    inverse = np.linalg.inv(scatter)
    projected = x @ inverse
    return np.stack([_classified(learnt, labels, inverse, projected) for labels in y.T], 1)


def _classified(learnt: Floats, labels: Integers, inverse: Floats, projected: Floats) -> Integers:
    """Return the class of each row. inverse: of the scatter. projected: rows times `inverse`."""
    present, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    means = (np.eye(len(present))[codes].T @ learnt) / sizes[:, None]
    among = means @ inverse @ means.T
    correction = np.eye(len(present)) + np.linalg.solve(np.diag(1 / sizes) - among, among)
    scores = len(labels) * (projected @ means.T @ correction - np.diag(among @ correction) / 2)
    return present[(scores + np.log(sizes)).argmax(1)]


def _ridge(x: Floats, y: Floats) -> Floats:
    learnt, mean = x[: len(y)], y.mean(0)
    scatter = learnt.T @ learnt + PENALTY * np.eye(x.shape[1])
    return x @ np.linalg.solve(scatter, learnt.T @ (y - mean)) + mean


ACCURACY = _Measure(scores.accuracy, scores.accuracy_error, scores.accuracy_merits)
BALANCED = _Measure(scores.balanced_accuracy, scores.balanced_error, scores.balanced_merits)
R2 = _Measure(scores.r2, scores.r2_error, scores.r2_merits)
CLASSES = _Kind(
    {"knn accuracy": ACCURACY, "knn balanced accuracy": BALANCED, "linear accuracy": ACCURACY},
    lambda codes: int(np.bincount(codes).argmax()),
    _by_votes,
    _discriminant,
    "linear accuracy",
)
VALUES = _Kind(
    {"knn r2": R2, "linear r2": R2},
    lambda values: float(values.mean()),
    lambda near, _: {"knn r2": near.mean(1)},
    _ridge,
    "linear r2",
)
