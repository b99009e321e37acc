"""Is the autoencoder's error lower than a baseline's, beyond chance?"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from aeexp.data import Floats, Integers
from aeexp.data.design import sums

MATTERS = 0.05  # smallest gain, relative to the baseline's error, that justifies a network
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Advantage:
    """Difference between a baseline's and the autoencoder's mean squared error on held-out rows.

    mean: baseline minus autoencoder. se: standard error of the mean, infinite for fewer than two
    units. error: mean squared error of the baseline. units: independent units among the held-out
    rows, which are the single rows unless the table has a design. members: trained autoencoders
    over which the error is averaged.
    """

    mean: float
    se: float
    error: float
    units: int
    members: int = 1

    @property
    def half(self) -> float:
        """Return half the width of the 95 % confidence interval (Student's t)."""
        if self.units < 2:
            return np.inf
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.units - 1)) * self.se

    @property
    def claim(self) -> str:
        """Return whether the autoencoder reconstructs better: yes, no or undecided.

        no: the interval excludes a gain of 5 % of the baseline's error, or the baseline has no
        error. yes: the interval excludes zero and is positive.
        """
        if min(self.mean + self.half, self.error) <= MATTERS * self.error:
            return "no"
        return "yes" if self.mean > self.half else "undecided"


def advantage(
    errors: Floats,
    baseline: Floats,
    folds: Integers | None = None,
    units: Integers | None = None,
) -> Advantage:
    """Compare repeated autoencoders with a baseline, row by row.

    The difference d[m, i] of member m on row i is modelled as a sum of independent effects of the
    member, of the row and of their interaction. The mean over M members and n rows then has the
    variance

        s²(rows) / n + s²(members) / M - s²(interaction) / (n M),

    where s²(rows) is the variance between rows of d averaged over members, s²(members) the
    variance between members of d averaged over rows, and s²(interaction) the mean square of the
    residuals, which the first two terms both contain (Cornfield and Tukey, 1956,
    doi:10.1214/aoms/1177728067; for errors clustered in two ways Cameron et al., 2011,
    doi:10.1198/jbes.2010.07136). If the last two terms are negative in sum, they are omitted.

    The standard error covers other rows and other seeds, but not other training rows. With one
    member there is no variance between members, so that the claim holds for this member alone.
    With one row the standard error is infinite. Without rows or members the mean is NaN.

    Rows of a fold of cross-fitting are judged by the same model, so that their differences are not
    independent. The standard error is then the larger one of that of independent rows and that of
    the means of the folds (Nadeau and Bengio, 2003, doi:10.1023/A:1024068626366, on why the second
    is not enough).

    Rows of a unit, such as an animal, depend on one another. Then n is the number of units, and
    d[m, i] is n times the share of unit i in the mean (cluster sampling; Cochran, 1977, section
    9A.1).

    errors: (members, held-out rows), squared errors averaged over features. baseline: (held-out
    rows,), the same for the baseline. folds, units: (held-out rows,), fold and unit of each row.
    """
    if not errors.size:
        return Advantage(np.nan, np.inf, np.nan, 0)
    differences = np.asarray(baseline - errors, float)
    members, rows = differences.shape
    of_units = differences
    if units is not None and len(np.unique(units)) < rows:
        # every unit as its contribution to the mean, so that units of more rows weigh more
        mean = differences.mean()
        summed = np.array([sums(member - mean, units) for member in differences])
        of_units = mean + summed * summed.shape[1] / rows
    se = _standard_error(of_units)
    if folds is not None:
        means = [differences[:, folds == fold].mean() for fold in np.unique(folds)]
        se = max(se, float(np.std(means, ddof=1) / np.sqrt(len(means))))
    mean, error = float(differences.mean()), float(baseline.mean())
    return Advantage(mean, se, error, of_units.shape[1], members)


def _standard_error(differences: Floats) -> float:
    members, rows = differences.shape
    if rows < 2:
        return np.inf
    row_means, member_means = differences.mean(0), differences.mean(1)
    between_rows, between_members = row_means.var(ddof=1) / rows, 0.0
    if members > 1:
        residuals = differences - row_means - member_means[:, None] + differences.mean()
        interaction = np.square(residuals).sum() / ((members - 1) * (rows - 1))
        between_members = member_means.var(ddof=1) / members - interaction / differences.size
    return float(np.sqrt(between_rows + max(0.0, between_members)))
