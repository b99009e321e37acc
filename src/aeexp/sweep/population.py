"""The jobs of a sweep as few populations, trained in this process."""

from collections.abc import Iterator, Sequence
from functools import partial

from aeexp.analysis.controls import Plan, plan
from aeexp.config.spec import Structure
from aeexp.data.prepare import Problems
from aeexp.pipeline.members import member
from aeexp.pipeline.run import fitted, run
from aeexp.runs import Ledger
from aeexp.runs.progress import Monitor, SubMonitor
from aeexp.runs.task import Outcome, Task
from aeexp.sweep.groups import groups
from aeexp.sweep.workers import Learnt, Workers, failed, kept
from aeexp.training import Trained, train


def train_together(
    tasks: Sequence[Task], ledger: Ledger, monitor: Monitor, cores: int
) -> Iterator[Outcome]:
    """Train tasks on this process's backend, all that can at once; yield them as they end.

    Raises:
        KeyboardInterrupt: It was interrupted; those that have ended are kept.
    """
    problems = Problems()
    with Workers(cores, monitor) as workers:
        for group in groups(tasks, problems):
            if monitor.stop:
                break
            ledger.started({task.number: task.folder for task in group})
            for each in _learnt(group, problems, monitor):
                if isinstance(each, Outcome):
                    yield each
                else:
                    yield from workers.give(each)
        yield from workers.rest()


def _learnt(group: list[Task], problems: Problems, monitor: Monitor) -> Iterator[Learnt | Outcome]:
    """Yield what each task of a group came to in training, or that it failed.

    One that asks more than what one model finds is answered here, alone.
    """
    if not isinstance(group[0].experiment.question, Structure):
        yield _answered(group[0], problems, monitor)
        return
    try:
        trained = _trained(group, problems, monitor)
    except Exception as error:  # noqa: BLE001  (another group's jobs are not to suffer)
        yield from (failed(task, error) for task in group)
        return
    if monitor.stop:
        return
    for task, (planned, of_task) in zip(group, trained, strict=True):
        try:
            yield _of_task(task, planned, of_task)
        except Exception as error:  # noqa: BLE001
            yield failed(task, error)


def _answered(task: Task, problems: Problems, monitor: Monitor) -> Outcome:
    own = SubMonitor(monitor)
    return kept(task, partial(run, task.experiment, own, problems=problems, words=task.words), own)


def _trained(
    group: list[Task], problems: Problems, monitor: Monitor
) -> list[tuple[Plan, Trained]]:
    """Return what each task was to train, and what came of it.

    The models of all tasks come before their controls, which may have another mould.
    """
    plans = [plan(task.experiment, problems.pose(task.experiment)) for task in group]
    parts = [[each.own for each in plans], [each.others for each in plans]]
    order = [control for part in parts for of_task in part for control in of_task]
    trained, places = (
        train([*map(member, order)], monitor),
        {id(c): i for i, c in enumerate(order)},
    )
    if monitor.stop:
        return []
    return [(each, trained.of([places[id(c)] for c in each.all])) for each in plans]


def _of_task(task: Task, planned: Plan, trained: Trained) -> Learnt:
    seconds = {"train": trained.seconds, "compile": trained.compile}
    histories = trained.histories[: len(planned.own)]
    if histories[0].diverged:
        return Learnt(task, histories, None, seconds)
    fit = fitted(planned, trained)
    return Learnt(task, histories, fit, seconds)
