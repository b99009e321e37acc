"""Analyse and report trained models in worker processes, which do not import Keras."""

import gc
import logging
import logging.handlers
import multiprocessing
import os
import queue
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from threading import Thread
from typing import Self

from omegaconf import OmegaConf
from threadpoolctl import threadpool_limits

from aeexp import runs
from aeexp.analysis.choice import Choice, trials
from aeexp.analysis.controls import plan
from aeexp.data.prepare import ProblemCache
from aeexp.pipeline.experiment import configuration
from aeexp.pipeline.results import ModelOutput, after_training, before_training
from aeexp.present.html.run import report_page
from aeexp.runs import Status, error_line, set_aside, subfolder, write_bytes
from aeexp.runs.artifact import Artifact
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.runs.save import Artifacts
from aeexp.runs.task import Outcome, Task

QUEUED_PER_WORKER = 3  # tasks in the queue, so that no worker waits
POLL_INTERVAL = 0.2  # seconds between two checks for a stop
KILLED = "its process was killed, perhaps for want of memory"


@dataclass(frozen=True)
class TrainedTask:
    """A task after its training.

    choice: of its setting. shown: which of its own models is the model of the run. histories: of
    its model and repeats. folds: of the models of cross-fitting. output: None if the model
    diverged. seconds: of the stages so far; a population's time is divided among its tasks.
    """

    task: Task
    choice: Choice | None
    shown: int
    histories: Sequence[History]
    folds: Sequence[History]
    output: ModelOutput | None
    seconds: dict[str, float]


class Workers:
    """A pool with one process per core, which analyses and reports trained tasks.

    If a process is killed, the pool breaks and loses the tasks of all its processes. Each of them
    then runs again, alone.
    """

    def __init__(self, count: int, monitor: Monitor) -> None:
        self.count, self.monitor = count, monitor
        self.pending: dict[Future[Outcome], TrainedTask] = {}
        self.pool = _pool(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, trained: TrainedTask) -> Iterator[Outcome]:
        """Wait for room in the queue, yield the outcomes meanwhile, and add a task.

        Raises:
            KeyboardInterrupt: The monitor requested a stop, and all started tasks have ended.
        """
        yield from self._wait(max_pending=self.count * QUEUED_PER_WORKER)
        self.pending[self.pool.submit(_report, trained)] = trained

    def finish(self) -> Iterator[Outcome]:
        """Yield the outcomes of all submitted tasks; see `submit`."""
        yield from self._wait(max_pending=0)

    def _wait(self, max_pending: int) -> Iterator[Outcome]:
        """Yield outcomes until at most `max_pending` tasks are left; cancel tasks on a stop."""
        while self.pending:
            if self.monitor.stop:
                self.pending = {f: task for f, task in self.pending.items() if not f.cancel()}
                max_pending = 0
            timeout = POLL_INTERVAL if len(self.pending) > max_pending else 0
            done, _ = wait(self.pending, timeout, return_when=FIRST_COMPLETED)
            if not all(map(_survived, done)):
                yield from self._retry()
            elif done:
                yield from (future.result() for future in done if self.pending.pop(future))
            elif not timeout:
                break
        if self.monitor.stop:
            raise KeyboardInterrupt

    def _retry(self) -> Iterator[Outcome]:
        """Report the pending tasks of a broken pool again, one at a time, until a stop."""
        affected, self.pending = self.pending, {}
        self.pool = _pool(1)
        for future, trained in affected.items():
            if self.monitor.stop:
                break
            retried = future if _survived(future) else self.pool.submit(_report, trained)
            if _survived(retried):
                yield retried.result()
            else:
                yield record_failure(trained.task, KILLED)
                self.pool = _pool(1)
        self.pool.shutdown()
        self.pool = _pool(self.count)


def _survived(future: Future[Outcome]) -> bool:
    """Wait for a task; return whether its pool was still intact."""
    return not isinstance(future.exception(), BrokenProcessPool)


def record_failure(task: Task, error: Exception | str) -> Outcome:
    """Record that a task failed. error: a message where the process left no exception."""

    def artifacts() -> Iterator[Artifact]:
        raise error if isinstance(error, Exception) else RuntimeError(error)
        yield

    return _save(task, artifacts, Monitor())


def _pool(count: int) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_start)
    for _ in range(count):
        pool.submit(_problems)  # each starts a process, which imports while this one trains
    return pool


def _start() -> None:
    """Initialise a worker: ignore signals, use one thread, end with the parent."""
    Thread(target=_end_with_parent, daemon=True).start()
    for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    threadpool_limits(1)
    gc.freeze()  # garbage collection then skips everything imported so far


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)  # no one is left to receive an outcome


@cache
def _problems() -> ProblemCache:
    return ProblemCache()


def _report(trained: TrainedTask) -> Outcome:
    """Analyse a trained task and write its directory, in a worker."""
    experiment, monitor = trained.task.experiment, Monitor()
    monitor.seconds.update(trained.seconds)

    def output() -> ModelOutput:
        assert trained.output, "a diverged model is not analysed"
        return trained.output

    def artifacts() -> Iterator[Artifact]:
        with monitor.stage("load"):
            problem = _problems().prepare(experiment)
        yield from before_training(experiment, problem)
        planned = plan(experiment, problem, trials(experiment, problem), trained.choice)
        planned = planned.showing(trained.shown)
        yield from after_training(planned, trained.histories, trained.folds, output, monitor)

    return save_task(trained.task, artifacts, monitor)


def save_task(task: Task, artifacts: Artifacts, monitor: Monitor) -> Outcome:
    """Write a task's artifacts into its directory; return the outcome with its log records."""
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [logging.handlers.QueueHandler(records)]
    try:
        outcome = _save(task, artifacts, monitor)
    finally:
        root.handlers = handlers
    return replace(outcome, records=[records.get() for _ in range(records.qsize())])


def _save(task: Task, artifacts: Artifacts, monitor: Monitor) -> Outcome:
    """Write a task's artifacts into a new directory. An exception is part of the outcome."""
    try:
        set_aside(task.folder)
        task.folder.mkdir(parents=True)
        # The report shows these files; Hydra writes them again when the job has ended.
        hydra = subfolder(task.folder, ".hydra")
        write_bytes(hydra / "config.yaml", configuration(task.experiment))
        write_bytes(hydra / "overrides.yaml", OmegaConf.to_yaml(list(task.overrides)).encode())
        page = report_page(task.experiment, task.folder, _problems())
        record, _ = runs.save_artifacts(task.experiment, task.folder, artifacts, monitor, page)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (other jobs must go on)
        return Outcome(task, Status.FAILED, error_line(error), final={})
    return Outcome(task, record.status, record.content.get("error"), final=record.content)
