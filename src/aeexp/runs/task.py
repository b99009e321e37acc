"""A job of a sweep, and what became of it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeexp.config.spec import Experiment
from aeexp.runs import Status


@dataclass(frozen=True)
class Task:
    """A job that is to be done.

    varied: the words in which it differs from others of its sweep. alone: the words of a command
    line that makes nothing else. folder: of its run. words: that say its
    experiment.
    """

    number: int
    varied: list[str]
    alone: list[str]
    experiment: Experiment
    folder: Path
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    error: one line, where it failed. records: what its log is to say. final: the content of its
    run.json, to be written when all else is there. None where the run has written it itself; then
    Hydra has its own record of the job in the directory, too.
    """

    task: Task
    status: Status
    error: str | None = None
    records: Sequence[logging.LogRecord] = ()
    final: Mapping[str, Any] | None = None
