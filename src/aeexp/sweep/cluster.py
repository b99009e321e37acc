"""Train chunks of a sweep's jobs on the nodes of a Ray cluster."""

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from aeexp.backend import silence_stderr
from aeexp.errors import UserError
from aeexp.runs import Ledger, Run, Status
from aeexp.runs.progress import Monitor
from aeexp.runs.task import Outcome, Task
from aeexp.sweep.workers import POLL_INTERVAL, record_failure

Train = Callable[[Sequence[Task], Ledger, Monitor], Iterator[Outcome]]
"""Trains tasks of one backend together, in a process that trains nothing else."""

Node = Mapping[str, float]
"""The resources of a node: CPU, GPU and more."""


@contextmanager
def connect(address: str | None) -> Iterator[list[Node]]:
    """Connect to a cluster and yield its nodes with CPUs; None starts one on this machine.

    Raises:
        UserError: The connection failed, or no node has a CPU.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        with silence_stderr():
            ray.init(address or "local", logging_level=logging.CRITICAL, log_to_driver=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"hydra.launcher.address={address}: {error}. Start a cluster there with ray start, and"
            " set RAY_AUTH_MODE=token here and there if it needs a token (docs/cluster.md)."
        ) from error
    try:
        resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        nodes = [node for node in resources if node.get("CPU")]
        if not nodes:
            raise UserError(
                f"hydra.launcher.address={address}: none of its nodes has a CPU to give."
            )
        yield nodes
    finally:
        ray.shutdown()


def train_on_cluster(
    chunks: Sequence[Sequence[Task]],
    nodes: Sequence[Node],
    ledger: Ledger,
    monitor: Monitor,
    train: Train,
) -> Iterator[Outcome]:
    """Train each chunk on a node of the connected cluster; yield outcomes as tasks end.

    When a process or node is lost, the unfinished tasks of its chunk fail.

    Raises:
        KeyboardInterrupt: The monitor requested a stop, and all chunks have stopped.
    """
    stopping = False
    active = [_submit(chunk, nodes, ledger, train) for chunk in chunks]
    while active:
        if monitor.stop and not stopping:
            stopping = True
            for chunk in active:
                chunk.stop()
        ready, _ = ray.wait([chunk.stream for chunk in active], timeout=POLL_INTERVAL)
        for chunk in [chunk for chunk in active if chunk.stream in ready]:
            yield from chunk.receive(stopping)
        active = [chunk for chunk in active if not chunk.done]
    if monitor.stop:
        raise KeyboardInterrupt


class _Trainer:
    """Trains a chunk in a process on a node. A second thread can stop it meanwhile."""

    def __init__(self) -> None:
        self.monitor = Monitor()

    def train(self, tasks: Sequence[Task], ledger: Ledger, train: Train) -> Iterator[Outcome]:
        with suppress(KeyboardInterrupt):
            yield from train(tasks, ledger, self.monitor)

    def stop(self) -> None:
        self.monitor.stop = True


def _submit(
    tasks: Sequence[Task], nodes: Sequence[Node], ledger: Ledger, train: Train
) -> "_Chunk":
    """Submit tasks to the cluster. They start when a node is free, and use all of it."""
    cpus, gpus = (min(node.get(kind, 0.0) for node in nodes) for kind in ("CPU", "GPU"))
    trainer = ray.remote(
        num_cpus=cpus,
        num_gpus=gpus,
        scheduling_strategy="SPREAD",
        max_concurrency=2,  # one thread trains, the other receives `stop`
    )(_Trainer).remote()
    stream = trainer.train.options(num_returns="streaming").remote(tasks, ledger, train)
    return _Chunk(trainer, trainer.__ray_ready__.remote(), stream, {t.number: t for t in tasks})


@dataclass
class _Chunk:
    """Tasks that one node trains.

    ready: resolves when the trainer has started. stream: of outcomes. unfinished: by number.
    """

    trainer: Any
    ready: Any
    stream: Any
    unfinished: dict[int, Task]
    done: bool = False

    def receive(self, stopping: bool) -> Iterator[Outcome]:
        """Yield the next outcome; if the trainer is lost, fail the unfinished tasks."""
        try:
            outcome = ray.get(next(self.stream))
        except StopIteration:
            self.done = True
            ray.kill(self.trainer)  # frees the node for the next chunk
        except RayError as error:
            yield from self._lost(error, stopping)
        else:
            self.unfinished.pop(outcome.task.number)
            yield outcome

    def stop(self) -> None:
        """End the training after the current epoch, or drop the chunk if it has not started."""
        if ray.wait([self.ready], timeout=0)[0]:
            self.trainer.stop.remote()
        else:
            ray.kill(self.trainer)

    def _lost(self, error: RayError, stopping: bool) -> Iterator[Outcome]:
        ray.kill(self.trainer)  # it may still run on a node that cannot be reached
        for task in self.unfinished.values():
            status = Run(task.folder).status
            if status in {Status.COMPLETED, Status.DIVERGED}:
                yield Outcome(task, status)
            elif not stopping:
                yield record_failure(task, _reason(error))
        self.unfinished = {}


def _reason(error: RayError) -> str:
    if isinstance(error, RayTaskError):
        return f"{type(error.cause).__name__}: {error.cause}"
    because = re.search(r"dead because (.*?)\.", str(error))
    unknown = f"its node cannot be reached ({type(error).__name__})"
    return f"lost on the cluster: {because[1] if because else unknown}"
