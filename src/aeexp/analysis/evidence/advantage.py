"""Is the autoencoder's error lower than a baseline's, beyond what chance explains?"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from aeexp.data import Floats

MATTERS = 0.05  # of the baseline's error: a gain below it is not worth a network
CERTAIN = 0.95


@dataclass(frozen=True)
class Advantage:
    """By how much the autoencoder's mean squared error is below a baseline's.

    mean: the baseline's less the autoencoder's. se: its standard error, infinite where nothing
    tells it. error: the baseline's. rows: held out, that it is over. members: of the autoencoder
    that it is the mean of.
    """

    mean: float
    se: float
    error: float
    rows: int
    members: int = 1

    @property
    def half(self) -> float:
        """Return half of the 95 % interval about the mean, by Student's t."""
        if self.rows < 2:
            return np.inf
        return float(stats.t.ppf((1 + CERTAIN) / 2, self.rows - 1)) * self.se

    @property
    def claim(self) -> str:
        """Return whether the autoencoder reconstructs better: yes, no or undecided.

        no: a gain of 5 % of the baseline's error or more lies outside of the interval, or there is
        no error to gain on. yes: there is a gain, and no gain at all lies outside of it.
        """
        if min(self.mean + self.half, self.error) <= MATTERS * self.error:
            return "no"
        return "yes" if self.mean > self.half else "undecided"


def advantage(errors: Floats, baseline: Floats) -> Advantage:
    """Compare the repeats of an autoencoder with a baseline, row by row.

    The differences d[m, i] of member m on row i are taken as a sum of independent effects of
    member, of row and of both. Their mean over M members and n rows then has the variance

        s²(rows) / n + s²(members) / M - s²(both) / (n M),

    where s²(rows) is the variance between rows of d averaged over members, s²(members) that
    between members of d averaged over rows, and s²(both) the mean square of what neither
    explains, which each of the first two terms holds once (Cornfield and Tukey, 1956,
    doi:10.1214/aoms/1177728067; for errors of several origins Cameron et al., 2011,
    doi:10.1198/jbes.2010.07136). Where the last two terms come out below 0, as estimates may,
    they are left out. It says what other rows and other seeds would change, not what other
    training rows would. One member has no spread: then it alone is judged. Of one row the
    standard error is infinite; without any, or without a member, the rest is not a number.

    errors: (members, rows held out), squared errors averaged over features. baseline: (rows held
    out,), the same.
    """
    if not errors.size:
        return Advantage(np.nan, np.inf, np.nan, 0)
    ahead = np.asarray(baseline - errors, float)
    members, rows = ahead.shape
    error = float(baseline.mean())
    return Advantage(float(ahead.mean()), _standard_error(ahead), error, rows, members)


def _standard_error(ahead: Floats) -> float:
    members, rows = ahead.shape
    if rows < 2:
        return np.inf
    of_rows, of_members = ahead.mean(0), ahead.mean(1)
    between_rows, between_members = of_rows.var(ddof=1) / rows, 0.0
    if members > 1:
        both = ahead - of_rows - of_members[:, None] + ahead.mean()
        of_both = np.square(both).sum() / ((members - 1) * (rows - 1))
        between_members = of_members.var(ddof=1) / members - of_both / ahead.size
    return float(np.sqrt(between_rows + max(0.0, between_members)))
