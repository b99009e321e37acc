"""Preprocessing: steps in the order of rows, and the scaling of the features."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import IN_SCALED_UNITS, Spec, option, param
from aeexp.text import exact

ON_ANOTHER_TABLE = "reconstruction.*", "baseline.pca.*"
"""Metrics of a reconstruction, which is easier or harder on a table of other values."""


MOST_SMOOTH = 1e9
"""Largest standard deviation of a Gaussian in time, in rows."""


class FitOn(Enum):
    """Rows a scaling is fitted on."""

    train = "train"
    all = "all"


class RowScaling(Enum):
    """Scaling of each row, before that of the features."""

    none = "none"
    total = "total"
    median_ratio = "median_ratio"
    clr = "clr"


class Select(Enum):
    """Features to learn from, by their variation."""

    none = "none"
    variable = "variable"
    dispersed = "dispersed"


ROWS = {
    RowScaling.total: "Each row was divided by its total and multiplied by the median total of the"
    " training rows.",
    RowScaling.median_ratio: "Each row was divided by the median ratio of its values and their"
    " geometric means over the training rows [@anders2010].",
    RowScaling.clr: "Values became centred log-ratios within each row [@aitchison1982]; zeros were"
    " replaced [@martinfernandez2003].",
}
"""The sentence of each scaling of rows for the Methods."""


@dataclass(kw_only=True)
class PreprocessingSpec(Spec):
    """Scaling of each feature, inverted for results in original units."""

    redefines = IN_SCALED_UNITS

    fit_on: FitOn = param(
        FitOn.train, "Rows the scaling is fitted on; all includes the held-out rows."
    )
    bin: int = param(
        1,
        "Number of successive rows in a bin, which become one row: counts are summed, other values"
        " are averaged. Needs dataset.time. 1: no bins.",
        at_least=1,
        redefines=ON_ANOTHER_TABLE,
    )
    sqrt: bool = param(
        False,
        "Replace values by their square roots, after binning, so that the variance of counts does"
        " not depend on their mean.",
        redefines=ON_ANOTHER_TABLE,
    )
    smooth: float = param(
        0.0,
        "Standard deviation, in rows or bins, of a Gaussian that smooths in time, after the square"
        " root. Needs dataset.time. 0: none.",
        at_least=0,
        at_most=MOST_SMOOTH,
        redefines=ON_ANOTHER_TABLE,
    )
    lags: int = param(
        0,
        "Number of preceding rows or bins whose values become further features of a row, after all"
        " other steps. Needs dataset.time. 0: none.",
        at_least=0,
        redefines=ON_ANOTHER_TABLE,
    )
    rows: RowScaling = param(
        RowScaling.none,
        "Scaling of each row before that of the features, for counts whose total has no meaning"
        " (total, median_ratio) or shares of a whole (clr). With dataset.log1p, before the"
        " logarithm.",
        redefines=ON_ANOTHER_TABLE,
    )
    select: Select = param(
        Select.none,
        "Learn only from the columns of numbers that vary most: with the largest variance after"
        " the scaling of rows (variable), or of counts relative to their mean (dispersed).",
        redefines=ON_ANOTHER_TABLE,
    )
    n: int = param(
        2_000,
        "Number of columns that preprocessing.select keeps.",
        at_least=1,
        redefines=ON_ANOTHER_TABLE,
    )
    clip: float | None = param(
        None,
        "Largest absolute value after scaling; values beyond it are set to it. null: no limit.",
        above=0,
    )


@option("preprocessing", "standard")
@dataclass(kw_only=True)
class Standard(PreprocessingSpec):
    """Standardise each feature to mean 0 and standard deviation 1."""

    def methods(self) -> str:
        return "standardised to mean 0 and standard deviation 1"


@option("preprocessing", "minmax")
@dataclass(kw_only=True)
class MinMax(PreprocessingSpec):
    """Scale each feature to the range from low to high."""

    low: float = param(0.0, "Lower end of the range.")
    high: float = param(1.0, "Upper end of the range; above low.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.high <= self.low:
            self.reject("high", f"above low ({self.low:g})", self.high)

    def methods(self) -> str:
        return f"scaled to the range from {exact(self.low)} to {exact(self.high)}"


@option("preprocessing", "robust")
@dataclass(kw_only=True)
class Robust(PreprocessingSpec):
    """Scale each feature to median 0 and quantile range 1, robust to outliers."""

    low: float = param(25.0, "Lower quantile, in percent; below high.", at_least=0, at_most=100)
    high: float = param(75.0, "Upper quantile, in percent.", at_least=0, at_most=100)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.high <= self.low:
            self.reject("high", f"above low ({self.low:g})", self.high)

    def methods(self) -> str:
        low, high = exact(self.low), exact(self.high)
        return f"scaled to median 0 and a distance of 1 from the {low} % to the {high} % quantile"


@option("preprocessing", "none")
@dataclass(kw_only=True)
class Unscaled(PreprocessingSpec):
    """No scaling."""

    def methods(self) -> str:
        return "not scaled"
