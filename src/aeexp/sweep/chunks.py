"""Divide the tasks of a sweep among the nodes of a cluster."""

from collections.abc import Sequence
from itertools import accumulate, groupby

from aeexp.config.spec import Backend
from aeexp.runs.task import Task


def chunks(tasks: Sequence[Task], count: int) -> list[list[Task]]:
    """Divide tasks into `count` chunks with about equal numbers of models, or fewer chunks.

    Tasks that can train together are sorted next to each other, so that few of them are
    separated. A chunk has one backend: several backends can make more chunks.
    """
    row = sorted(tasks, key=_program)
    ends = accumulate(task.experiment.models for task in row)
    total = sum(task.experiment.models for task in row)

    def place(item: tuple[Task, int]) -> tuple[int, Backend]:
        experiment, end = item[0].experiment, item[1]
        middle = end - experiment.models / 2
        return int(middle / total * count), experiment.backend

    parts = groupby(zip(row, ends, strict=True), place)
    return [[task for task, _ in part] for _, part in parts]


def _program(task: Task) -> str:
    """Return a key for tasks that probably train together. The exact key needs Keras."""
    exp = task.experiment
    kinds = type(exp.optimizer), {name: type(spec) for name, spec in exp.regulariser.items()}
    table = exp.dataset, exp.split, exp.preprocessing
    return repr((exp.backend.value, exp.model, exp.schedule, exp.training, kinds, table))
