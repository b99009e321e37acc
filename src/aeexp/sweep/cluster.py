"""The jobs of a sweep in chunks, each trained together on a node of a Ray cluster."""

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
from aeexp.sweep.workers import GLANCE, failed

Train = Callable[[Sequence[Task], Ledger, Monitor], Iterator[Outcome]]
"""Trains tasks of one backend together, in a process that trains nothing else."""

Node = Mapping[str, float]
"""How much of what a node has to give away: CPU, GPU and more."""


@contextmanager
def joined(address: str | None) -> Iterator[list[Node]]:
    """Join the cluster at an address, or start one of this machine; give the nodes that compute.

    Raises:
        UserError: None can be joined there, or none of its nodes computes.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        with silence_stderr():
            ray.init(address or "local", logging_level=logging.CRITICAL, log_to_driver=False)
    except (OSError, RuntimeError, ValueError) as error:
        message = (
            f"hydra.launcher.address={address}: {error}. Start a cluster there with ray start, and"
            " set RAY_AUTH_MODE=token here and there if it asks for a token (docs/cluster.md)."
        )
        raise UserError(message) from error
    try:
        resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        nodes = [each for each in resources if each.get("CPU")]
        if not nodes:
            message = f"hydra.launcher.address={address}: none of its nodes has a CPU to give."
            raise UserError(message)
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
    """Train each chunk on a node of the cluster that was joined; yield tasks as they end.

    What a chunk has not ended when its process or its node is lost has failed.

    Raises:
        KeyboardInterrupt: The monitor said to stop, and so were the chunks told to.
    """
    told = False
    under_way = [_begun(chunk, nodes, ledger, train) for chunk in chunks]
    while under_way:
        if monitor.stop and not told:
            told = True
            for chunk in under_way:
                chunk.stop()
        ready, _ = ray.wait([chunk.stream for chunk in under_way], timeout=GLANCE)
        for chunk in [chunk for chunk in under_way if chunk.stream in ready]:
            yield from chunk.heard(told)
        under_way = [chunk for chunk in under_way if not chunk.over]
    if monitor.stop:
        raise KeyboardInterrupt


class _Trainer:
    """Trains a chunk in a process on a node, and can be told to stop meanwhile."""

    def __init__(self) -> None:
        self.monitor = Monitor()

    def train(self, tasks: Sequence[Task], ledger: Ledger, train: Train) -> Iterator[Outcome]:
        with suppress(KeyboardInterrupt):
            yield from train(tasks, ledger, self.monitor)

    def stop(self) -> None:
        self.monitor.stop = True


def _begun(tasks: Sequence[Task], nodes: Sequence[Node], ledger: Ledger, train: Train) -> "_Chunk":
    """Have tasks trained as soon as a node is free, all of which they take."""
    whole = {kind: min(node.get(kind, 0.0) for node in nodes) for kind in ("CPU", "GPU")}
    trainer = ray.remote(
        num_cpus=whole["CPU"],
        num_gpus=whole["GPU"],
        scheduling_strategy="SPREAD",
        max_concurrency=2,  # to train, and to be told to stop
    )(_Trainer).remote()
    stream = trainer.train.options(num_returns="streaming").remote(tasks, ledger, train)
    return _Chunk(trainer, trainer.__ray_ready__.remote(), stream, {t.number: t for t in tasks})


@dataclass
class _Chunk:
    """Tasks that a node trains.

    ready: once its trainer is there. stream: of outcomes. left: the tasks that have not been heard
    of, by number. over: whether nothing more will be.
    """

    trainer: Any
    ready: Any
    stream: Any
    left: dict[int, Task]
    over: bool = False

    def heard(self, stopping: bool) -> Iterator[Outcome]:
        """Yield the next task that has ended; those that cannot any more, once it is over."""
        try:
            outcome = ray.get(next(self.stream))
        except StopIteration:
            self.over = True
            ray.kill(self.trainer)  # so that the next has its node
        except RayError as error:
            yield from self._lost(error, stopping)
        else:
            self.left.pop(outcome.task.number)
            yield outcome

    def stop(self) -> None:
        """End the training after its epoch, or drop what no node has begun."""
        if ray.wait([self.ready], timeout=0)[0]:
            self.trainer.stop.remote()
        else:
            ray.kill(self.trainer)

    def _lost(self, error: RayError, stopping: bool) -> Iterator[Outcome]:
        ray.kill(self.trainer)  # which may live where it cannot be heard
        for task in self.left.values():
            status = Run(task.folder).status
            if status in {Status.COMPLETED, Status.DIVERGED}:
                yield Outcome(task, status)
            elif not stopping:
                yield failed(task, _reason(error))
        self.left = {}


def _reason(error: RayError) -> str:
    if isinstance(error, RayTaskError):
        return f"{type(error.cause).__name__}: {error.cause}"
    because = re.search(r"dead because (.*?)\.", str(error))
    unknown = f"its node cannot be reached ({type(error).__name__})"
    return f"lost on the cluster: {because[1] if because else unknown}"
