"""The objective of a sweep, checked against its jobs before any of them is trained."""

import re
from collections.abc import Collection
from difflib import get_close_matches

from omegaconf import DictConfig

from aeexp.config.metrics import METRICS, REPEATS, Better, better, find
from aeexp.config.spec import Experiment, Structure, Sweep
from aeexp.errors import UserError

CLUSTERING = re.compile(r"(?:chance\.\w+\.|baseline\.\w+\.)?clustering\.([^.]+)\..+")
PART = re.compile(r"reconstruction\.(val|test)\..+|(val)_loss(?:\..+)?")


class Objectives:
    """The metrics by which a sweep is ranked, of which some job must have each.

    A grid does not need the default objective: without validation rows it is ranked by others.
    """

    def __init__(self, config: DictConfig) -> None:
        objective = config.sweep.objective
        self.names = [objective] if isinstance(objective, str) else list(objective)
        sweeper = config.hydra.sweeper
        self.directed = bool(sweeper.get("direction"))
        if "n_trials" not in sweeper and self.names == [Sweep().objective]:
            self.names = []
        self.missing, self.known = list(self.names), set[str]()

    def seek(self, experiment: Experiment, parts: Collection[str], *, folds: bool) -> None:
        """Check what a job measures. parts: those with rows. folds: whether it is cross-fitted."""
        self.missing = [n for n in self.missing if not _has(n, experiment, parts, folds=folds)]
        self.known |= experiment.clustering.keys()

    def require_found(self) -> None:
        """Check the objectives after all jobs.

        Raises:
            UserError: No job has one of them, or it has no direction.
        """
        for name in self.missing:
            raise UserError(f"sweep.objective={name}: {self._reason(name)}")
        for name in self.names:
            if better(name) is Better.none and not self.directed:
                raise UserError(
                    f"sweep.objective={name}: neither more nor less of this metric is better;"
                    " choose one with a direction from docs/metrics.md."
                )

    def _reason(self, name: str) -> str:
        if find(name):
            return "no run of this sweep would measure it; choose another from docs/metrics.md."
        patterns = [metric.name for metric in METRICS]
        names = {p.replace("*", key, 1) for p in patterns for key in self.known or {"kmeans"}}
        close = get_close_matches(name, sorted(names), 1)
        remedy = f"did you mean {close[0]}?" if close else "docs/metrics.md lists all."
        return f"there is no such metric; {remedy}"


def _has(name: str, experiment: Experiment, parts: Collection[str], *, folds: bool) -> bool:
    """Return whether a run can have a metric, as far as its configuration shows."""
    if not find(name):
        return False
    if not isinstance(experiment.question, Structure):
        return True
    clustering, part = CLUSTERING.fullmatch(name), PART.fullmatch(name)
    if clustering and clustering[1] not in experiment.clustering:
        return False
    if name.endswith(tuple(f".{statistic}" for statistic in REPEATS)):
        if len(experiment.seeds) < 2:
            return False
        if part and folds:  # repeats learn from all rows
            return False
    return folds or not part or (part[1] or part[2]) in parts
