"""Permutation tests: can a metric be explained by chance?

A run trains the same model on copies of its table without structure (`null`) and computes the
same metrics there. The p-value of a metric is the share of copies, the table itself among them,
whose metric is at least as good. Copies have the seed of the run, so that they differ from it in
their table alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.spread import spread
from aeexp.config import metrics
from aeexp.config.metrics import Better
from aeexp.data import Floats


@dataclass(frozen=True)
class PermutationTest:
    """A metric of the run compared with the same metric of tables without structure.

    number: name of the metric. control: kind of the tables, such as "permuted columns". mean, sd:
    over the copies. p: share of tables that are at least as good, the observed one included.
    copies: number of copies for which the metric is defined.
    """

    number: str
    control: str
    observed: float
    mean: float
    sd: float
    p: float
    copies: int


def p_value(observed: float, null: Floats, *, more_is_better: bool) -> float:
    """Return the probability of a value at least as good if there is no structure.

    (1 + copies at least as good) / (1 + copies), which is never 0 and exact (Phipson and Smyth,
    2010, doi:10.2202/1544-6115.1585). NaNs in `null` are ignored. NaN if `observed` is NaN or no
    copy is left. null: (copies,).
    """
    null = null[~np.isnan(null)]
    if np.isnan(observed) or not null.size:
        return np.nan
    as_good = null >= observed if more_is_better else null <= observed
    return float((1 + as_good.sum()) / (1 + null.size))


def tested(
    observed: Mapping[str, float], null: Mapping[str, Floats], control: str
) -> list[PermutationTest]:
    """Return each metric with its null distribution and p-value.

    The registry of metrics defines whether higher or lower is better. observed: by metric;
    metrics without a null distribution are skipped. null: (copies,) by metric.
    """
    tests = []
    for name, value in observed.items():
        if name not in null:
            continue
        copies, better = np.asarray(null[name], np.float64), metrics.better(name)
        assert better is not Better.none, f"{name} cannot be tested: neither direction is better"
        p = p_value(value, copies, more_is_better=better is Better.higher)
        count, summary = int((~np.isnan(copies)).sum()), spread(copies)
        tests.append(PermutationTest(name, control, value, summary.mean, summary.sd, p, count))
    return tests
