"""Divide the tasks of a sweep into groups that train together."""

from collections.abc import Iterator, Sequence

from aeexp.analysis.controls import own
from aeexp.config.spec import Engine, Structure
from aeexp.data.prepare import ProblemCache
from aeexp.pipeline.members import member
from aeexp.runs.task import Task
from aeexp.training import engine, program_key

MAX_MEMBERS = 1024  # models whose weights are in memory at once
MAX_COPIED = 2**20  # bytes of a table; larger ones are not copied for each member


def groups(tasks: Sequence[Task], problems: ProblemCache) -> Iterator[list[Task]]:
    """Yield groups of tasks with the same compiled program, which train as one population.

    A group has at most MAX_MEMBERS models, but at least one task. A task is alone if its engine
    trains models one after another, so that it is reported while the next one trains, or if its
    question needs more than one trained model.
    """
    by_program: dict[str, list[Task]] = {}
    for task in tasks:
        by_program.setdefault(_program(task, problems), []).append(task)
    for same_program in by_program.values():
        group: list[Task] = []
        for task in same_program:
            if group and sum(t.experiment.models for t in [*group, task]) > MAX_MEMBERS:
                yield group
                group = []
            group.append(task)
        yield group


def _program(task: Task, problems: ProblemCache) -> str:
    """Return a key of the compiled program, and of the table where it is large."""
    experiment = task.experiment
    if not isinstance(experiment.question, Structure) or engine(experiment) is not Engine.compiled:
        return f"task {task.number}"
    problem = problems.prepare(experiment)
    table = (experiment.dataset, experiment.split, experiment.preprocessing)
    key = program_key(member(own(experiment, problem)[0]))
    return repr((key, problem.x.nbytes > MAX_COPIED and table))
