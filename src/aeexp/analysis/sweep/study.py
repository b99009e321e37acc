"""study.json: the search that chose the settings of a sweep."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aeexp.data.dataset import Floats
from aeexp.runs.document import BrokenFileError, load
from aeexp.runs.schemas import StudyJson

NAME = "study.json"
LARGEST = 1e300  # an axis has no ticks for larger values


@dataclass(frozen=True)
class Trial:
    """A setting that was tried. state: COMPLETE, PRUNED or FAIL. values: by objective."""

    number: int
    state: str
    values: list[float]
    params: Mapping[str, str]


@dataclass(frozen=True)
class Study:
    """A search. importances: share of the variance of the objective that a parameter explains."""

    sweep: str
    objectives: list[str]
    maximised: list[bool]
    importances: Mapping[str, float]
    trials: list[Trial] = field(default_factory=list)

    def values(self, objective: int) -> Floats:
        """Return the values of an objective, NaN if a trial has none: (trials,)."""
        return np.array([_at(trial.values, objective) for trial in self.trials])

    def best(self, objective: int) -> Floats:
        """Return the best value of the completed trials up to each trial: (trials,)."""
        complete = [trial.state == "COMPLETE" for trial in self.trials]
        values = np.where(complete, self.values(objective), np.nan)
        gather = np.fmax if self.maximised[objective] else np.fmin
        return gather.accumulate(values) if values.size else values


def study(sweep: Path) -> Study | None:
    """Return the search of a sweep; None if there was none or its file cannot be read."""
    try:
        content = load(sweep / NAME, StudyJson)
    except BrokenFileError:
        return None
    objectives = content["objectives"]
    directions = [direction == "maximize" for direction in content.get("directions", [])]
    shares = content.get("importances") or {}
    trials = sorted(map(_trial, content["trials"]), key=lambda trial: trial.number)
    return Study(
        sweep.name,
        objectives,
        [*directions, *[False] * len(objectives)][: len(objectives)],
        dict(sorted(shares.items(), key=lambda share: -share[1])),
        trials,
    )


def _trial(content: Mapping[str, Any]) -> Trial:
    numbers = (
        math.nan if value is None else float(value) for value in content.get("values") or ()
    )
    values = [value if abs(value) < LARGEST else math.nan for value in numbers]
    params = {key: str(value) for key, value in (content.get("params") or {}).items()}
    return Trial(content["number"], content["state"], values, params)


def _at(values: list[float], objective: int) -> float:
    return values[objective] if objective < len(values) else math.nan
