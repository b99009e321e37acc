"""What is made of trained models, in processes of their own that do not import Keras."""

import gc
import logging
import logging.handlers
import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Thread
from typing import Self

from omegaconf import OmegaConf
from threadpoolctl import threadpool_limits

from aeexp import runs
from aeexp.analysis.controls import plan
from aeexp.data.prepare import Problems
from aeexp.pipeline.experiment import configuration
from aeexp.pipeline.results import Fitted, after_training, before_training
from aeexp.present.html.run import report_page
from aeexp.runs import Status, error_line, set_aside, subfolder, write_bytes
from aeexp.runs.artifact import Artifact
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.runs.task import Outcome, Task

WAITING = 3  # tasks a worker that are held ready for it
GLANCE = 0.2  # seconds between two looks at whether to stop
KILLED = "its process was killed, perhaps for want of memory"


@dataclass(frozen=True)
class Learnt:
    """What the training of a task's model and its repeats came to.

    fitted: None where the model diverged. seconds: of the stages up to here, its share of what it
    did together with others.
    """

    task: Task
    histories: Sequence[History]
    fitted: Fitted | None
    seconds: dict[str, float]


class Workers:
    """As many processes as there are cores, which report what was learnt.

    One that is killed takes its companions' tasks with it: each of these is tried again, alone.
    """

    def __init__(self, count: int, monitor: Monitor) -> None:
        self.count, self.monitor = count, monitor
        self.pending: dict[Future[Outcome], Learnt] = {}
        self.pool = _pool(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def give(self, learnt: Learnt) -> Iterator[Outcome]:
        """Hand over a task, once there is room for it; yield those that have ended meanwhile.

        Raises:
            KeyboardInterrupt: The monitor said to stop, and none is under way any more.
        """
        yield from self._ended(at_most=self.count * WAITING)
        self._submit(learnt)

    def rest(self) -> Iterator[Outcome]:
        """Yield all that are still under way, as they end; see `give`."""
        yield from self._ended(at_most=0)

    def _submit(self, learnt: Learnt) -> None:
        self.pending[self.pool.submit(_report, learnt)] = learnt

    def _ended(self, at_most: int) -> Iterator[Outcome]:
        """Yield tasks as they end, until so few are under way; begin none after a stop."""
        while self.pending:
            if self.monitor.stop:
                self.pending = {f: learnt for f, learnt in self.pending.items() if not f.cancel()}
                at_most = 0
            patience = GLANCE if len(self.pending) > at_most else 0
            done, _ = wait(self.pending, patience, return_when=FIRST_COMPLETED)
            if not all(map(_survived, done)):
                yield from self._again()
            elif done:
                yield from (future.result() for future in done if self.pending.pop(future))
            elif not patience:
                break
        if self.monitor.stop:
            raise KeyboardInterrupt

    def _again(self) -> Iterator[Outcome]:
        """Report what was under way when a process was killed, one after another until a stop."""
        affected, self.pending = self.pending, {}
        self.pool = _pool(1)
        for future, learnt in affected.items():
            if self.monitor.stop:
                break
            ended = future if _survived(future) else self.pool.submit(_report, learnt)
            if _survived(ended):
                yield ended.result()
            else:
                yield failed(learnt.task, KILLED)
                self.pool = _pool(1)
        self.pool.shutdown()
        self.pool = _pool(self.count)


def _survived(future: Future[Outcome]) -> bool:
    """Return whether a task was reported, once it has been or cannot be any more."""
    return not isinstance(future.exception(), BrokenProcessPool)


def failed(task: Task, error: Exception | str) -> Outcome:
    """Record that a task failed of an error, or was ended by what leaves none behind."""

    def none() -> Iterator[Artifact]:
        raise error if isinstance(error, Exception) else RuntimeError(error)
        yield

    return _kept(task, none, Monitor())


def _pool(count: int) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_start)
    for _ in range(count):
        pool.submit(_problems)  # starts a process each, which import while others train
    return pool


def _start() -> None:
    """Leave signals to the parent and other cores to other workers; end with the parent."""
    Thread(target=_end_with_parent, daemon=True).start()
    for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    threadpool_limits(1)
    gc.freeze()  # what is imported is not to be searched for garbage after each run


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)  # nobody is left to hear of it


@cache
def _problems() -> Problems:
    return Problems()


def _report(learnt: Learnt) -> Outcome:
    """Report a task in its directory; a `KeyboardInterrupt` is the job's own doing."""
    monitor = Monitor()
    monitor.seconds.update(learnt.seconds)
    return kept(learnt.task, partial(_artifacts, learnt, monitor), monitor)


def kept(task: Task, artifacts: Callable[[], Iterator[Artifact]], monitor: Monitor) -> Outcome:
    """Keep a task's artefacts; return how it ended, with what its log is to say."""
    logged: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [logging.handlers.QueueHandler(logged)]
    try:
        outcome = _kept(task, artifacts, monitor)
    finally:
        root.handlers = handlers
    return replace(outcome, records=[logged.get() for _ in range(logged.qsize())])


def _artifacts(learnt: Learnt, monitor: Monitor) -> Iterator[Artifact]:
    experiment, fitted = learnt.task.experiment, learnt.fitted
    with monitor.stage("load"):
        problem = _problems().pose(experiment)
    yield from before_training(experiment, problem)

    def given() -> Fitted:
        assert fitted, "what diverged is not asked for"
        return fitted

    yield from after_training(plan(experiment, problem), learnt.histories, given, monitor)


def _kept(task: Task, artifacts: Callable[[], Iterator[Artifact]], monitor: Monitor) -> Outcome:
    """Keep a task's artefacts in its directory, which is made for it; survive what it raises."""
    try:
        set_aside(task.folder)
        task.folder.mkdir(parents=True)
        _configure(task)
        made = report_page(task.experiment, task.folder, _problems())
        record, _ = runs.save_artifacts(task.experiment, task.folder, artifacts, monitor, made)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (another job's is not to suffer)
        return Outcome(task, Status.FAILED, error_line(error), final={})
    return Outcome(task, record.status, record.content.get("error"), final=record.content)


def _configure(task: Task) -> None:
    """Write what the report shows of a task's settings; Hydra does it again when all is done."""
    hydra = subfolder(task.folder, ".hydra")
    write_bytes(hydra / "config.yaml", configuration(task.experiment))
    write_bytes(hydra / "overrides.yaml", OmegaConf.to_yaml(list(task.words)).encode())
