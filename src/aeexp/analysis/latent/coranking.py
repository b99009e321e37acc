"""How many of its neighbours does a row keep in latent space, for any number of neighbours?

With K neighbours, Q_NX(K) is the share of a row's K nearest among the features that are among
its K nearest in latent space, too, averaged over rows (Lee and Verleysen, 2009,
doi:10.1016/j.neucom.2008.12.017). R_NX(K) = ((n - 1) Q_NX(K) - K) / (n - 1 - K) is how much
better than chance that is: 0 for an embedding at random and 1 for a perfect one (Lee et al., 2013,
doi:10.1016/j.neucom.2012.12.036). Its area over the logarithm of K, the mean of R_NX(K) from
1 to n - 2 neighbours weighted by 1 / K, sums it up (Lee et al., 2015,
doi:10.1016/j.neucom.2014.12.095).
"""

import numpy as np

from aeexp.data import Floats, Integers

POINTS = 200  # of a curve that are told: K is told on a logarithmic scale


def counted(farther: Integers) -> Integers:
    """Return how many rows have which rank: (rows,), from 0.

    farther: (queries, rows), the greater of the ranks of each row around a query, among the
    features and in latent space, where the query itself has rank 0.
    """
    return np.bincount(farther.ravel(), minlength=farther.shape[1])


def curve(counts: Integers) -> tuple[Integers, Floats]:
    """Return numbers of neighbours K, at most 200, and R_NX(K) for each.

    counts: (rows,), see `counted`; rank 0 has a row for each query. Empty for fewer than 3 rows.
    """
    n = len(counts)
    k = np.unique(np.geomspace(1, max(1, n - 2), POINTS).round().astype(int))[: max(0, n - 2)]
    within = np.cumsum(counts[1:])[k - 1] / counts[0]  # K Q_NX(K)
    return k, ((n - 1) * within / k - k) / (n - 1 - k)


def areas(farther: Integers) -> Floats:
    """Return the area below the curve of each query alone, whose mean is that of all: (queries,).

    The area is linear in the counts: a row of rank m adds to Q_NX(K) for all K from m on.
    farther: (queries, rows), at least 3 rows; see `counted`.
    """
    n = farther.shape[1]
    k = np.arange(1, n - 1)
    weights = 1 / k / np.sum(1 / k)
    gains = weights * (n - 1) / k / (n - 1 - k)
    from_m_on = np.zeros(n)
    from_m_on[1 : n - 1] = np.cumsum(gains[::-1])[::-1]
    return from_m_on[farther].sum(1) - np.sum(weights * k / (n - 1 - k))
