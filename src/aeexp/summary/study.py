"""study.json: the search that chose the settings of a sweep, if one did."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aeexp.data.dataset import Floats

NAME = "study.json"


@dataclass(frozen=True)
class Trial:
    """One setting that the search tried: state COMPLETE, PRUNED or FAIL, a value an objective."""

    number: int
    state: str
    values: list[float]
    params: Mapping[str, str]


@dataclass(frozen=True)
class Study:
    """A search: what it made best, and the share of each parameter in the differences."""

    sweep: str
    objectives: list[str]
    maximised: list[bool]
    importances: Mapping[str, float]
    trials: list[Trial] = field(default_factory=list)

    def values(self, objective: int) -> Floats:
        """Return an objective's value by trial, not a number where there is none: (trials,)."""
        return np.array([_at(trial.values, objective) for trial in self.trials])

    def best(self, objective: int) -> Floats:
        """Return an objective's best value so far, by trial, of those completed: (trials,)."""
        complete = [trial.state == "COMPLETE" for trial in self.trials]
        values = np.where(complete, self.values(objective), np.nan)
        gather = np.fmax if self.maximised[objective] else np.fmin
        return gather.accumulate(values) if values.size else values


def study(sweep: Path) -> Study | None:
    """Return the search of a sweep; None where there was none or its file cannot be read."""
    try:
        content = json.loads((sweep / NAME).read_text(encoding="utf-8"))
        return _study(sweep.name, content)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def _study(sweep: str, content: Mapping[str, Any]) -> Study:
    objectives = [str(name) for name in content["objectives"]]
    directions = [str(word) == "maximize" for word in content.get("directions", [])]
    shares = content.get("importances") or {}
    trials = sorted(map(_trial, content["trials"]), key=lambda trial: trial.number)
    return Study(
        sweep,
        objectives,
        [*directions, *[False] * len(objectives)][: len(objectives)],
        dict(sorted(((str(k), float(v)) for k, v in shares.items()), key=lambda kv: -kv[1])),
        trials,
    )


def _trial(content: Mapping[str, Any]) -> Trial:
    values = [math.nan if v is None else float(v) for v in content.get("values") or []]
    params = {str(key): str(value) for key, value in (content.get("params") or {}).items()}
    return Trial(int(content["number"]), str(content["state"]), values, params)


def _at(values: list[float], objective: int) -> float:
    return values[objective] if objective < len(values) else math.nan
