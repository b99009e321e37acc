"""Sweeps."""

from dataclasses import dataclass
from typing import Any

from aeexp.config.spec._spec import Spec, param

REPLICATIONS = ("seed", "split.seed", "dataset.seed")
"""Runs that differ in these parameters alone are repeats of one setting: other initial weights,
another split of the rows, another sample of the rows."""


@dataclass(kw_only=True)
class Sweep(Spec):
    """Objective and limits of a sweep; a single run ignores them.

    Raises:
        UserError: The objective is neither a name nor a list of names.
    """

    objective: Any = param(
        "val_loss",
        "Metric to rank and search by, by its name in metrics.json; several: [a,b].",
    )
    max_jobs: int = param(
        10_000, "Maximum number of jobs, a guard against typing errors.", at_least=1
    )

    def __post_init__(self) -> None:
        names = self.objective if isinstance(self.objective, list) else [self.objective]
        if not names or not all(isinstance(name, str) and name for name in names):
            self.reject("objective", "the name of a metric, or a list of names", self.objective)
        super().__post_init__()
