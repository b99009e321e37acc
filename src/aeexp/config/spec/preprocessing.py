"""How the columns are brought to a common scale."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import IN_SCALED_UNITS, Spec, option, param
from aeexp.text import exact


class FitOn(Enum):
    """The rows a scaling is fitted on."""

    train = "train"
    all = "all"


@dataclass(kw_only=True)
class PreprocessingSpec(Spec):
    """A scaling of each column, undone where results are shown in original units."""

    redefines = IN_SCALED_UNITS

    fit_on: FitOn = param(
        FitOn.train, "Rows the scaling is fitted on; 'all' lets it see the validation rows."
    )


@option("preprocessing", "standard")
@dataclass(kw_only=True)
class Standard(PreprocessingSpec):
    """Each column to mean 0 and standard deviation 1."""

    def methods(self) -> str:
        return "standardised to mean 0 and standard deviation 1"


@option("preprocessing", "minmax")
@dataclass(kw_only=True)
class MinMax(PreprocessingSpec):
    """Each column to the range from `low` to `high`."""

    low: float = param(0.0, "What the smallest value becomes.")
    high: float = param(1.0, "What the largest value becomes; above `low`.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.high <= self.low:
            self.refuse("high", f"above low ({self.low:g})", self.high)

    def methods(self) -> str:
        return f"scaled to the range from {exact(self.low)} to {exact(self.high)}"


@option("preprocessing", "robust")
@dataclass(kw_only=True)
class Robust(PreprocessingSpec):
    """Each column to median 0 and quantile range 1: outliers do not decide the scale."""

    low: float = param(25.0, "Lower quantile, in percent; below `high`.", at_least=0, at_most=100)
    high: float = param(75.0, "Upper quantile, in percent.", at_least=0, at_most=100)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.high <= self.low:
            self.refuse("high", f"above low ({self.low:g})", self.high)

    def methods(self) -> str:
        low, high = exact(self.low), exact(self.high)
        return f"scaled to median 0 and a distance of 1 from the {low} % to the {high} % quantile"


@option("preprocessing", "none")
@dataclass(kw_only=True)
class Unscaled(PreprocessingSpec):
    """The columns as they are."""

    def methods(self) -> str:
        return "not scaled"
