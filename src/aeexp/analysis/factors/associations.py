"""Association of factors with labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from aeexp.analysis.factors.matching import centred
from aeexp.data import Classes, Floats, Integers, Labels
from aeexp.data.design import EXCHANGEABLE, Design, numbered

ARRANGEMENTS = 1_000
"""Arrangements of a label, its own among them, if rows depend on one another."""


@dataclass(frozen=True)
class Association:
    """Association of a label with each factor.

    measure: "eta squared" for classes, from 0 to 1; "Spearman" for numbers, from -1 to 1. value,
    p, p_adjusted: (factors,), NaN if the factor or the label does not vary.
    """

    label: str
    measure: str
    value: Floats
    p: Floats
    p_adjusted: Floats


def associations(
    z: Floats, labels: Sequence[Labels], design: Design = EXCHANGEABLE
) -> list[Association]:
    """Return the association of each label with each factor, over rows with a label.

    Classes: share of the factor's variance between classes, with p of Kruskal and Wallis (1952,
    doi:10.1080/01621459.1952.10483441). Numbers: rank correlation of Spearman (1904,
    doi:10.2307/1412159), with p of Student's t. p_adjusted: for all factors and labels of the call
    (Benjamini and Hochberg, 1995, doi:10.1111/j.2517-6161.1995.tb02031.x). If rows depend on one
    another, p is the share of 1,000 arrangements of the label with at least as strong an
    association of its ranks; see `Design.rearranged`.
    z: (rows, factors).
    """
    results = [_association(z, label, design) for label in labels]
    adjusted = _adjusted(np.array([p for _, _, p in results]))
    return [
        Association(label.name, measure, value, p, q)
        for label, (measure, value, p), q in zip(labels, results, adjusted, strict=True)
    ]


def _association(z: Floats, label: Labels, design: Design) -> tuple[str, Floats, Floats]:
    is_class = isinstance(label, Classes)
    values: NDArray[Any] = label.codes if isinstance(label, Classes) else label.values
    rows = np.flatnonzero(values >= 0 if is_class else np.isfinite(values))
    z, values = z[rows], values[rows]
    name, (value, p) = (
        ("eta squared", _eta_squared(z, values))
        if is_class
        else ("Spearman", _spearman(z, values))
    )
    if design.is_exchangeable or not np.isfinite(value).any():
        return name, value, p
    ranks, design, generator = _ranks(z), design.take(rows), np.random.default_rng(0)
    of_label = numbered(values) if is_class else _ranks(values[:, None])[:, 0]
    strength: Callable[[Floats, Any], Floats] = _between if is_class else _covariance
    observed = strength(ranks, of_label)
    copies = [
        strength(ranks, of_label[design.rearranged(len(rows), generator)])
        for _ in range(ARRANGEMENTS - 1)
    ]
    as_strong = np.array([observed, *copies]) >= observed * (1 - 1e-9)
    return name, value, np.where(np.isfinite(value), as_strong.mean(axis=0), np.nan)


def _covariance(ranks: Floats, of_label: Floats) -> Floats:
    return np.abs(of_label @ ranks)


def _eta_squared(z: Floats, codes: Integers) -> tuple[Floats, Floats]:
    groups, codes = np.unique(codes, return_inverse=True)
    if not 2 <= len(groups) < len(z):  # one class for each row would explain any factor
        return _undefined(z), _undefined(z)
    h = (len(z) - 1) * _between(_ranks(z), codes)  # corrected for ties
    return _between(centred(z), codes), stats.chi2.sf(h, len(groups) - 1)


def _between(values: Floats, codes: Integers) -> Floats:
    """Return the share of the variance of centred columns between groups: (columns,)."""
    sums = np.array([np.bincount(codes, column) for column in values.T])
    return np.square(sums) @ (1 / np.bincount(codes)) / _positive(np.square(values).sum(axis=0))


def _spearman(z: Floats, values: Floats) -> tuple[Floats, Floats]:
    if len(values) < 3:
        return _undefined(z), _undefined(z)
    x, y = _ranks(z), _ranks(values[:, None])
    lengths = np.sqrt(np.square(x).sum(axis=0) * np.square(y).sum())
    r = ((x * y).sum(axis=0) / _positive(lengths)).clip(-1, 1)
    with np.errstate(divide="ignore"):  # a perfect correlation has p = 0
        t = np.abs(r) * np.sqrt((len(values) - 2) / (1 - np.square(r)))
    return r, 2 * stats.t.sf(t, len(values) - 2)


def _ranks(columns: Floats) -> Floats:
    """Return centred ranks of each column: mean ranks for ties, 0 for constant columns."""
    varying = centred(columns).any(axis=0)
    return (stats.rankdata(columns, axis=0) - (len(columns) + 1) / 2) * varying


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def _undefined(z: Floats) -> Floats:
    return np.full(z.shape[1], np.nan)


def _adjusted(p: Floats) -> Floats:
    adjusted, finite = np.full_like(p, np.nan), np.isfinite(p)
    if finite.any():
        adjusted[finite] = stats.false_discovery_control(p[finite])
    return adjusted
