"""Which factors go with which labels?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from aeexp.analysis.factors.matching import centred
from aeexp.data import Classes, Floats, Integers, Labels


@dataclass(frozen=True)
class Association:
    """How a label goes with each factor.

    measure: "eta squared" of classes, from 0 to 1; "Spearman" of numbers, from -1 to 1. value, p,
    p_adjusted: (factors,), not numbers where the factor or the label does not vary.
    """

    label: str
    measure: str
    value: Floats
    p: Floats
    p_adjusted: Floats


def associations(z: Floats, labels: Sequence[Labels]) -> list[Association]:
    """Return how each label goes with each factor, over the rows whose label is known.

    Classes: the share of the factor's variance that is between them, and p of Kruskal and Wallis
    (1952, doi:10.1080/01621459.1952.10483441). Numbers: the rank correlation of Spearman (1904,
    doi:10.2307/1412159), and p of it by Student's t. p_adjusted: of all factors and labels that
    are given at once (Benjamini and Hochberg, 1995, doi:10.1111/j.2517-6161.1995.tb02031.x).
    z: (rows, factors).
    """
    found = [_with(z, label) for label in labels]
    adjusted = _adjusted(np.array([p for _, _, p in found]))
    return [
        Association(label.name, measure, value, p, q)
        for label, (measure, value, p), q in zip(labels, found, adjusted, strict=True)
    ]


def _with(z: Floats, label: Labels) -> tuple[str, Floats, Floats]:
    if isinstance(label, Classes):
        known = label.codes >= 0
        return "eta squared", *_of_classes(z[known], label.codes[known])
    known = np.isfinite(label.values)
    return "Spearman", *_of_values(z[known], label.values[known])


def _of_classes(z: Floats, codes: Integers) -> tuple[Floats, Floats]:
    groups, codes = np.unique(codes, return_inverse=True)
    if not 2 <= len(groups) < len(z):  # a class for each row would tell all of any factor
        return _undefined(z), _undefined(z)
    h = (len(z) - 1) * _between(_ranks(z), codes)  # which is corrected for ties
    return _between(centred(z), codes), stats.chi2.sf(h, len(groups) - 1)


def _between(values: Floats, codes: Integers) -> Floats:
    """Return the share of the variance of centred columns that is between groups: (columns,)."""
    sums = np.array([np.bincount(codes, column) for column in values.T])
    return np.square(sums) @ (1 / np.bincount(codes)) / _positive(np.square(values).sum(axis=0))


def _of_values(z: Floats, values: Floats) -> tuple[Floats, Floats]:
    if len(values) < 3:
        return _undefined(z), _undefined(z)
    x, y = _ranks(z), _ranks(values[:, None])
    lengths = np.sqrt(np.square(x).sum(axis=0) * np.square(y).sum())
    r = ((x * y).sum(axis=0) / _positive(lengths)).clip(-1, 1)
    with np.errstate(divide="ignore"):  # of a perfect correlation: p is 0
        t = np.abs(r) * np.sqrt((len(values) - 2) / (1 - np.square(r)))
    return r, 2 * stats.t.sf(t, len(values) - 2)


def _ranks(columns: Floats) -> Floats:
    """Return the ranks in each column about their mean: means for ties, 0 of what is constant."""
    varying = centred(columns).any(axis=0)
    return (stats.rankdata(columns, axis=0) - (len(columns) + 1) / 2) * varying


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def _undefined(z: Floats) -> Floats:
    return np.full(z.shape[1], np.nan)


def _adjusted(p: Floats) -> Floats:
    adjusted, known = np.full_like(p, np.nan), np.isfinite(p)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known])
    return adjusted
