"""Neighbourhood preservation at all scales: the curve R_NX(K) and its area.

Q_NX(K) is the share of a row's K nearest neighbours among the features that are also among its K
nearest neighbours in latent space, averaged over rows (Lee and Verleysen, 2009,
doi:10.1016/j.neucom.2008.12.017). R_NX(K) = ((n - 1) Q_NX(K) - K) / (n - 1 - K) corrects for
chance: 0 for a random embedding, 1 for a perfect one (Lee et al., 2013,
doi:10.1016/j.neucom.2012.12.036). The area under the curve over log K summarises it. It is the
mean of R_NX(K) for K from 1 to n - 2, weighted by 1 / K (Lee et al., 2015,
doi:10.1016/j.neucom.2014.12.095).
"""

import numpy as np

from aeexp.data import Floats, Integers

POINTS = 200  # of a curve, logarithmically spaced in K


def counted(farther: Integers) -> Integers:
    """Return the number of pairs with each rank, from 0: (rows,).

    farther: (queries, rows), the larger one of two ranks of each row around a query, among the
    features and in latent space. The query itself has rank 0.
    """
    return np.bincount(farther.ravel(), minlength=farther.shape[1])


def curve(counts: Integers) -> tuple[Integers, Floats]:
    """Return at most 200 numbers of neighbours K, and R_NX(K) of each.

    Empty for fewer than 3 rows. counts: (rows,), see `counted`; rank 0 has all queries.
    """
    n = len(counts)
    k = np.unique(np.geomspace(1, max(1, n - 2), POINTS).round().astype(int))[: max(0, n - 2)]
    within = np.cumsum(counts[1:])[k - 1] / counts[0]  # K Q_NX(K)
    return k, ((n - 1) * within / k - k) / (n - 1 - k)


def areas(farther: Integers) -> Floats:
    """Return the area under the curve of each query: (queries,). Their mean is the total area.

    The area is linear in the counts: a row of rank m contributes to Q_NX(K) for all K >= m.
    farther: (queries, rows), at least 3 rows; see `counted`.
    """
    n = farther.shape[1]
    k = np.arange(1, n - 1)
    weights = 1 / k / np.sum(1 / k)
    gains = weights * (n - 1) / k / (n - 1 - k)
    from_m_on = np.zeros(n)
    from_m_on[1 : n - 1] = np.cumsum(gains[::-1])[::-1]
    return from_m_on[farther].sum(1) - np.sum(weights * k / (n - 1 - k))
