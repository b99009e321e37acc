"""Which tasks of a sweep train together."""

from collections.abc import Iterator, Sequence

from aeexp.analysis.controls import own
from aeexp.config.spec import Engine, Structure
from aeexp.data.prepare import Problems
from aeexp.pipeline.members import member
from aeexp.runs.task import Task
from aeexp.training import engine, program_key

MOST = 1024  # members whose weights are held at once
OWN = 2**20  # bytes of a table above which not each member is to have one of its own


def groups(tasks: Sequence[Task], problems: Problems) -> Iterator[list[Task]]:
    """Yield tasks of one mould together, of which an engine makes one population.

    Those of an engine that trains one after another come alone, so that each is reported while
    the next one trains; so do those that ask more than what one model finds.
    """
    alike: dict[str, list[Task]] = {}
    for task in tasks:
        alike.setdefault(_kind(task, problems), []).append(task)
    for group in alike.values():
        yield from _bounded(group)


def _kind(task: Task, problems: Problems) -> str:
    asks = not isinstance(task.experiment.question, Structure)
    if asks or engine(task.experiment) is not Engine.compiled:
        return f"task {task.number}"
    problem = problems.pose(task.experiment)
    experiment = task.experiment
    table = (experiment.dataset, experiment.split, experiment.preprocessing)
    return repr(
        (program_key(member(own(experiment, problem)[0])), problem.x.nbytes > OWN and table)
    )


def _bounded(group: list[Task]) -> Iterator[list[Task]]:
    """Yield a group in parts of at most so many members, of one task at least."""
    part: list[Task] = []
    for task in group:
        if part and sum(t.experiment.models for t in [*part, task]) > MOST:
            yield part
            part = []
        part.append(task)
    yield part
