"""Train the jobs of a sweep as few populations in this process."""

from collections.abc import Iterator, Sequence
from functools import partial

from aeexp.analysis.controls import Plan, plan
from aeexp.config.spec import Structure
from aeexp.data.prepare import ProblemCache
from aeexp.pipeline.members import member
from aeexp.pipeline.run import model_output, run
from aeexp.runs import Ledger
from aeexp.runs.progress import Monitor, SubMonitor
from aeexp.runs.task import Outcome, Task
from aeexp.sweep.groups import groups
from aeexp.sweep.workers import TrainedTask, Workers, record_failure, save_task
from aeexp.training import Trained, train


def train_together(
    tasks: Sequence[Task], ledger: Ledger, monitor: Monitor, cores: int
) -> Iterator[Outcome]:
    """Train tasks on this process's backend in as few groups as possible; yield the outcomes.

    Raises:
        KeyboardInterrupt: The user interrupted; finished runs are complete.
    """
    problems = ProblemCache()
    with Workers(cores, monitor) as workers:
        for group in groups(tasks, problems):
            if monitor.stop:
                break
            ledger.started({task.number: task.folder for task in group})
            for trained in _train_group(group, problems, monitor):
                if isinstance(trained, Outcome):
                    yield trained
                else:
                    yield from workers.submit(trained)
        yield from workers.finish()


def _train_group(
    group: list[Task], problems: ProblemCache, monitor: Monitor
) -> Iterator[TrainedTask | Outcome]:
    """Yield each trained task of a group, or the outcome if it has ended already.

    A task with another question than the structure of its table runs here, completely.
    """
    task = group[0]
    if not isinstance(task.experiment.question, Structure):
        submonitor = SubMonitor(monitor)
        yield save_task(
            task,
            partial(run, task.experiment, submonitor, problems=problems, overrides=task.overrides),
            submonitor,
        )
        return
    try:
        parts = _train(group, problems, monitor)
    except Exception as error:  # noqa: BLE001  (jobs of other groups must go on)
        yield from (record_failure(task, error) for task in group)
        return
    for task, planned, trained in parts:
        seconds = {"train": trained.seconds, "compile": trained.compile}
        histories = trained.histories[: len(planned.own)]
        try:
            output = None if histories[0].diverged else model_output(planned, trained)
            yield TrainedTask(task, histories, output, seconds)
        except Exception as error:  # noqa: BLE001
            yield record_failure(task, error)


def _train(
    group: list[Task], problems: ProblemCache, monitor: Monitor
) -> list[tuple[Task, Plan, Trained]]:
    """Train a group as one population; return the plan and the models of each task.

    The own models of all tasks come before their controls, which may need another compiled
    program. After a stop the list is empty.
    """
    plans = [plan(task.experiment, problems.prepare(task.experiment)) for task in group]
    order = [control for planned in plans for control in planned.own]
    order += [control for planned in plans for control in planned.others]
    trained = train([*map(member, order)], monitor)
    if monitor.stop:
        return []
    places = {id(control): place for place, control in enumerate(order)}
    parts = (trained.subset([places[id(control)] for control in planned.all]) for planned in plans)
    return [*zip(group, plans, parts, strict=True)]
