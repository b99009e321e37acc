"""The jobs of a sweep as few populations, trained in this process."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from aeexp.experiment import fitted, members
from aeexp.problem import Problems
from aeexp.runs import Ledger
from aeexp.sweep.groups import groups
from aeexp.sweep.task import Outcome, Task
from aeexp.sweep.workers import Learnt, Workers, failed
from aeexp.training import Trained, train
from aeexp.watch import Watch


def train_together(
    tasks: Sequence[Task], ledger: Ledger, watch: Watch, cores: int
) -> Iterator[Outcome]:
    """Train tasks on this process's backend, all that can at once; yield them as they end.

    Raises:
        KeyboardInterrupt: It was interrupted; those that have ended are kept.
    """
    problems = Problems()
    with Workers(cores, watch) as workers:
        for group in groups(tasks, problems):
            if watch.stop:
                break
            ledger.started({task.number: task.folder for task in group})
            for each in _learnt(group, problems, watch):
                if isinstance(each, Outcome):
                    yield each
                else:
                    yield from workers.give(each)
        yield from workers.rest()


def _learnt(group: list[Task], problems: Problems, watch: Watch) -> Iterator[Learnt | Outcome]:
    """Yield what each task of a group came to in training, or that it failed."""
    try:
        trained = _trained(group, problems, watch)
    except Exception as error:  # noqa: BLE001  (another group's jobs are not to suffer)
        yield from (failed(task, error) for task in group)
        return
    if watch.stop:
        return
    repeats = [task.experiment.repeats for task in group]
    for task, first in zip(group, accumulate([0, *repeats]), strict=False):
        share = task.experiment.repeats / sum(repeats)
        try:
            yield _of_task(task, trained, first, problems, share)
        except Exception as error:  # noqa: BLE001
            yield failed(task, error)


def _trained(group: list[Task], problems: Problems, watch: Watch) -> Trained:
    posed = ((task.experiment, problems.pose(task.experiment)) for task in group)
    return train([member for said in posed for member in members(*said)], watch)


def _of_task(task: Task, trained: Trained, first: int, problems: Problems, share: float) -> Learnt:
    experiment = task.experiment
    histories = trained.histories[first : first + experiment.repeats]
    seconds = {"train": share * trained.seconds, "compile": share * trained.compile}
    if histories[0].diverged:
        return Learnt(task, histories, None, seconds)
    fit = fitted(experiment, problems.pose(experiment), trained.network(first))
    return Learnt(task, histories, fit, seconds)
