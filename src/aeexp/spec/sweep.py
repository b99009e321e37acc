"""What a sweep is after."""

import re
from dataclasses import dataclass
from typing import Any

from aeexp.spec._spec import Spec, param

AGREEMENT = "ari|ami|nmi|accuracy|homogeneity|completeness|v_measure|fowlkes_mallows"
MORE_IS_BETTER = re.compile(
    rf"(^|[._])(r2|silhouette|calinski_harabasz|trustworthiness|continuity|r_nx_auc|spearman|cka"
    rf"|factors|neighbours_kept|advantage|beyond|{AGREEMENT})(\.mean)?$"
    rf"|^clustering\..+\.({AGREEMENT})\.(?!sd$|n$)"  # with a label other than the first
)


def more_is_better(metric: str) -> bool:
    """Return whether more of a metric, by its name in metrics.json, is better than less."""
    return bool(MORE_IS_BETTER.search(metric))


@dataclass(kw_only=True)
class Sweep(Spec):
    """What --multirun is after; a single run does not ask.

    Raises:
        UserError: The objective is neither a name nor a list of names.
    """

    objective: Any = param(
        "val_loss", "Metric that a search makes best, by its name in metrics.json, or [several]."
    )
    max_jobs: int = param(
        10_000, "Largest number of jobs; more are refused, as they may be a slip.", at_least=1
    )

    def __post_init__(self) -> None:
        names = self.objective if isinstance(self.objective, list) else [self.objective]
        if not names or not all(isinstance(name, str) and name for name in names):
            self.refuse("objective", "the name of a metric, or a list of names", self.objective)
        super().__post_init__()
