"""Which tasks of a sweep go to one node of a cluster."""

from collections.abc import Sequence
from itertools import accumulate, groupby

from aeexp.config.spec import Backend
from aeexp.runs.task import Task


def chunks(tasks: Sequence[Task], count: int) -> list[list[Task]]:
    """Return tasks in so many chunks with about as many members each, fewer if they are few.

    Those that can train together are neighbours, so that few of them are parted. A chunk has one
    backend, which makes for more chunks where there are several.
    """
    row = sorted(tasks, key=_kind)
    ends = accumulate(task.experiment.models for task in row)
    members = sum(task.experiment.models for task in row)

    def place(ended: tuple[Task, int]) -> tuple[int, Backend]:
        experiment, end = ended[0].experiment, ended[1]
        middle = end - experiment.models / 2
        return int(middle / members * count), experiment.backend

    parts = groupby(zip(row, ends, strict=True), place)
    return [[task for task, _ in part] for _, part in parts]


def _kind(task: Task) -> str:
    """Say what tasks that train together have in common, as far as one can tell without Keras."""
    said = task.experiment
    kinds = type(said.optimizer), {name: type(spec) for name, spec in said.regulariser.items()}
    table = said.dataset, said.split, said.preprocessing
    return repr((said.backend.value, said.model, said.schedule, said.training, kinds, table))
