"""Jobs of a sweep and their outcomes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeexp.config.spec import Experiment
from aeexp.runs import Status


@dataclass(frozen=True)
class Task:
    """A job to run.

    varied: the overrides in which it differs from the sweep's other jobs. alone: the arguments of
    a command line that runs this job alone. folder: its run directory. overrides: those of its
    experiment.
    """

    number: int
    varied: list[str]
    alone: list[str]
    experiment: Experiment
    folder: Path
    overrides: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """Outcome of a task.

    error: one line, if it failed. records: log records for its log file. final: content of its
    run.json, to write after all other files; None if the run has written it itself, in which case
    Hydra's record of the job is in the directory, too.
    """

    task: Task
    status: Status
    error: str | None = None
    records: Sequence[logging.LogRecord] = ()
    final: Mapping[str, Any] | None = None
