"""Train the jobs of a sweep as few populations in this process."""

from collections.abc import Iterator, Sequence
from functools import partial

from aeexp.config.spec import Structure
from aeexp.data.prepare import ProblemCache
from aeexp.pipeline.run import model_output, run
from aeexp.pipeline.trainings import TrainedRun, train_runs
from aeexp.runs import Ledger
from aeexp.runs.progress import Monitor, SubMonitor
from aeexp.runs.task import Outcome, Task
from aeexp.sweep.groups import groups
from aeexp.sweep.workers import TrainedTask, Workers, record_failure, save_task


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
    for task, trained in parts:
        seconds = {"train": trained.seconds, "compile": trained.compile}
        histories = trained.histories
        try:
            output = None if histories[0].diverged else model_output(trained)
            yield TrainedTask(
                task,
                trained.planned.choice,
                trained.shown,
                histories,
                trained.fold_histories,
                output,
                seconds,
            )
        except Exception as error:  # noqa: BLE001
            yield record_failure(task, error)


def _train(
    group: list[Task], problems: ProblemCache, monitor: Monitor
) -> list[tuple[Task, TrainedRun]]:
    """Train a group as one population. After a stop the list is empty."""
    jobs = [(task.experiment, problems.prepare(task.experiment)) for task in group]
    trained = train_runs(jobs, monitor)
    return [] if monitor.stop else [*zip(group, trained, strict=True)]
