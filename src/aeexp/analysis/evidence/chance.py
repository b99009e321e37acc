"""Could a number have come about by chance?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.spread import spread
from aeexp.config import metrics
from aeexp.config.metrics import Better
from aeexp.data import Floats


@dataclass(frozen=True)
class Tested:
    """A number held against the same number of copies without structure.

    number: its name. control: what the copies are, such as "permuted columns". mean, sd: of the
    copies. p: share of tables at least as good, the observed one among them. copies: how many of
    them have a number.
    """

    number: str
    control: str
    observed: float
    mean: float
    sd: float
    p: float
    copies: int


def p_value(observed: float, null: Floats, *, more_is_better: bool) -> float:
    """Return the probability of a number at least as good where there is nothing to find.

    (1 + copies at least as good) / (1 + copies), which is never 0 and holds its level exactly
    (Phipson and Smyth, 2010, doi:10.2202/1544-6115.1585). Copies without a number are left out;
    it is not a number where the observed is none or no copy has one. null: (copies,).
    """
    null = null[~np.isnan(null)]
    if np.isnan(observed) or not null.size:
        return np.nan
    as_good = null >= observed if more_is_better else null <= observed
    return float((1 + as_good.sum()) / (1 + null.size))


def tested(
    observed: Mapping[str, float], null: Mapping[str, Floats], control: str
) -> list[Tested]:
    """Return each number held against its null distribution.

    Which way is better is that of the metric. observed: by name; those without a null
    distribution are left out. null: (copies,) by name.
    """
    return [
        _tested(name, control, observed[name], np.asarray(null[name], np.float64))
        for name in observed
        if name in null
    ]


def _tested(name: str, control: str, observed: float, null: Floats) -> Tested:
    known, better = spread(null), metrics.better(name)
    assert better is not Better.none, f"{name} is not better either way: it cannot be tested"
    return Tested(
        number=name,
        control=control,
        observed=observed,
        mean=known.mean,
        sd=known.sd,
        p=p_value(observed, null, more_is_better=better is Better.higher),
        copies=int((~np.isnan(null)).sum()),
    )
