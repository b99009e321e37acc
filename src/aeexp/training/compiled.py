"""Training a whole population as one compiled program, on all cores or devices that JAX has.

Members are mapped over (`vmap`), shared out to the devices (`shard_map`), and come in groups where
all at once would not fit into memory. The program runs for a few epochs at a time, so that
somebody can watch and stop it.
"""

import math
import time
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from aeexp.data import Floats
from aeexp.data.memory import free_bytes
from aeexp.models import Network, build_seeded, initial_values
from aeexp.runs.history import History
from aeexp.runs.progress import MemberProgress, Monitor, Progress
from aeexp.training.population import (
    Member,
    Trained,
    common,
    concatenate,
    decimals,
    hyperparameters,
    network_builder,
)
from aeexp.training.program import Course, Given, Log, Program
from aeexp.training.rows import ORDER, Orders, batch_size, validation_batch_size
from aeexp.training.traced import require_read

PAUSE = 0.25  # seconds of training between two looks at it
SHARE = 0.5  # of the free memory that a group of members may take
PROGRAMS: dict[str, Any] = {}  # by what they say
MOST_PROGRAMS = 32
PROGRAMS_LOCK = Lock()  # fits may run in several threads
COPIES = 10  # of its weights that a member has: kept ones, slots, gradients, those on their way


def train(population: Sequence[Member], monitor: Monitor) -> Trained:
    """Train members of one mould, all at once if they fit into memory; see `training.train`."""
    with monitor.stage("build"):
        size = _group_size(population)
    starts = range(0, len(population), size)
    trained: list[Trained] = []
    for number, start in enumerate(starts):
        group = _Group(population[start : start + size], size, monitor)
        trained.append(group.train(number, len(starts)))
        if monitor.stop:
            break
    return concatenate(trained)


class _Group:
    """So many members that train at once; copies of the last stand in for missing ones."""

    def __init__(self, group: Sequence[Member], size: int, monitor: Monitor) -> None:
        self.monitor, self.real = monitor, len(group)
        self.members = [*group, *[group[-1]] * (size - len(group))]
        self.experiment = common(self.members)
        self.shared = all(member.x is group[0].x for member in group)
        self.mesh = Mesh(jax.local_devices()[:size], ("members",))
        self.epochs = self.experiment.training.epochs
        self.orders = Orders(self.members)
        with monitor.stage("build"):
            self.network, self.program, self.course = self._start()

    def train(self, number: int, groups: int) -> Trained:
        """Train to the end, as group `number` (from 0) of so many."""
        start = time.perf_counter()
        course, given = self.course, self._given()
        run = self._compiled(course, given)
        compiled = time.perf_counter()
        logs: list[Log] = []
        for after, log in self._chunks(run, course, given):
            course = after
            logs.append(log)
            self._tell(logs, number, groups)
            if self.monitor.stop:
                break
        return Trained(
            [self.network] * self.real,
            [member.experiment.model for member in self.members[: self.real]],
            self._histories(logs, course),
            self._weights(course),
            seconds=time.perf_counter() - compiled,
            compile=compiled - start,
            interrupted=self.monitor.stop,
        )

    def _start(self) -> tuple[Network, Program, Course]:
        """Return a network, and the members before their first epoch, on their devices."""
        experiment, member = self.experiment, self.members[0]
        seeds = [member.experiment.seed for member in self.members]
        require_read(self.members, experiment)
        network, values = initial_values(network_builder(experiment, member.x.shape[1]), seeds)
        program = Program(network, experiment, member)
        stacked = {
            id(variable): np.stack(each)
            for variable, *each in zip(network.training.variables, *values, strict=True)
        }
        trainable, other = (
            [stacked[id(v)] for v in variables]
            for variables in (
                network.training.trainable_variables,
                network.training.non_trainable_variables,
            )
        )
        return network, program, self._split(program.first(trainable, other))

    def _given(self) -> Given:
        values = [hyperparameters(member.experiment) for member in self.members]
        varied = [key for key in values[0] if any(value[key] for value in values)]
        numbers_ = {key: _with_complement([value[key] for value in values]) for key in varied}
        tables = [member.x for member in self.members]
        val = np.stack([member.val for member in self.members]).astype(np.int32)
        ones = np.ones(len(tables[0]))
        weights = [ones if m.weights is None else m.weights for m in self.members]
        weighted = any(member.weights is not None for member in self.members)
        return Given(
            numbers=self._split(numbers_),
            x=self._whole(tables[0]) if self.shared else self._split(np.stack(tables)),
            val=self._split(val),
            weights=self._split(np.stack(weights).astype(np.float32)) if weighted else None,
        )

    def _compiled(self, course: Course, given: Given) -> Any:
        """Return the program for such arguments."""
        split, whole = PartitionSpec("members"), PartitionSpec()
        mapped = jax.shard_map(
            self.program.epochs,
            mesh=self.mesh,
            in_specs=(split, given.axes(whole, split), split, whole, whole),
            out_specs=(split, split),
            check_vma=False,
        )
        order = self._split(self.orders.draw(0))
        arguments = (course, given, order, np.int32(0), np.int32(0))
        return _compiled_once(jax.jit(mapped, donate_argnums=0).lower(*arguments))

    def _chunks(self, run: Any, course: Course, given: Given) -> Iterator[tuple[Course, Log]]:
        """Yield the members and their log every few epochs, until all have stopped.

        The rows' next order is drawn while the devices compute.
        """
        first, count, pace = 0, 1, PAUSE
        order = self._split(self.orders.draw(count))
        while count:
            start = time.perf_counter()
            course, log = run(course, given, order, np.int32(first), np.int32(count))
            first, trained = first + count, count
            count = min(max(1, int(PAUSE / pace)), self.orders.most, self.epochs - first)
            if count:
                order = self._split(self.orders.draw(count))
            yield course, Log(*(np.asarray(each)[: self.real, :trained].copy() for each in log))
            if not np.asarray(course.going)[: self.real].any():
                return
            pace = (time.perf_counter() - start) / trained

    def _tell(self, logs: list[Log], number: int, groups: int) -> None:
        done = number * self.epochs + sum(log.loss.shape[1] for log in logs[:-1])
        log = logs[-1]
        for i in range(log.loss.shape[1]):
            counts = log.counts[:, i]
            if counts.any():
                loss, val_loss = log.loss[counts, i], log.val_loss[counts, i]
                done_of = done + i + 1, groups * self.epochs
                first = None
                if number == 0 and counts[0]:
                    first = MemberProgress(done + i + 1, float(loss[0]), float(val_loss[0]))
                self.monitor.on_epoch(Progress(*done_of, loss, val_loss, self.real, first))

    def _histories(self, logs: list[Log], course: Course) -> list[History]:
        whole = Log(*(np.concatenate(each, axis=1) for each in zip(*logs, strict=True)))
        kept, going = np.asarray(course.kept_epoch), np.asarray(course.going)
        return [
            self._history(i, whole, int(kept[i]), going=bool(going[i])) for i in range(self.real)
        ]

    def _history(self, member: int, log: Log, kept: int, *, going: bool) -> History:
        counts = log.counts[member]
        loss, val_loss = (each[member][counts].astype(float) for each in log[:2])
        ends = [loss[-1], val_loss[-1]] if self.program.validated else [loss[-1]]
        return History(
            loss,
            val_loss,
            decimals(log.learning_rate[member][counts]),
            kept,
            interrupted=going and len(loss) < self.epochs,
            lost=None if np.isfinite(ends).all() else len(loss) - 1,
        )

    def _weights(self, course: Course) -> list[list[Any]]:
        """Return of each member the values of the network's variables that it is to keep."""
        training = self.network.training
        values = course.kept or (course.trainable, course.other)
        variables = (training.trainable_variables, training.non_trainable_variables)
        value_of = {
            id(variable): np.asarray(value)
            for some, of_some in zip(variables, values, strict=True)
            for variable, value in zip(some, of_some, strict=True)
        }
        wanted = [value_of[id(variable)] for variable in self.network.variables]
        return [[value[i] for value in wanted] for i in range(self.real)]

    def _split(self, values: Any) -> Any:
        """Send arrays that have the members first to the members' devices."""
        return jax.device_put(values, NamedSharding(self.mesh, PartitionSpec("members")))

    def _whole(self, values: Any) -> Any:
        return jax.device_put(values, NamedSharding(self.mesh, PartitionSpec()))


def _compiled_once(lowered: Any) -> Any:
    """Compile a program unless it is one of the last few.

    JAX keeps programs on disk, but not where it was imported before that could be asked of it.
    """
    said = lowered.as_text()
    with PROGRAMS_LOCK:
        program = PROGRAMS.pop(said, None) or lowered.compile()
        PROGRAMS[said] = program
        while len(PROGRAMS) > MOST_PROGRAMS:
            del PROGRAMS[next(iter(PROGRAMS))]
    return program


def _with_complement(values: list[float]) -> tuple[Floats, Floats]:
    array = np.array(values)
    with np.errstate(over="ignore"):  # what is too large for single precision diverges
        return array.astype(np.float32), (1 - array).astype(np.float32)


def _group_size(population: Sequence[Member]) -> int:
    """Return how many members to train at once: as many on each device, and few groups."""
    if len(population) == 1:
        return 1
    devices = jax.local_devices()
    most = max(1, int(SHARE * _free_bytes(devices) / _bytes(population)))
    most -= most % len(devices) if most > len(devices) else 0
    groups = -(-len(population) // most)
    size = -(-len(population) // groups)
    return size if size < len(devices) else -(-size // len(devices)) * len(devices)


def _free_bytes(devices: Sequence[Any]) -> float:
    of_device = devices[0].memory_stats()
    if of_device and "bytes_limit" in of_device:
        return len(devices) * (of_device["bytes_limit"] - of_device["bytes_in_use"])
    return free_bytes()


def _bytes(population: Sequence[Member]) -> int:
    """Return about how many bytes a member takes while it trains."""
    member = population[0]
    network = build_seeded(
        network_builder(member.experiment, member.x.shape[1]), member.experiment.seed
    )
    shapes = [variable.shape for variable in network.training.variables]
    batch = max(batch_size(member), validation_batch_size(member))
    own_table = any(other.x is not member.x for other in population)
    values = COPIES * sum(math.prod(shape) + batch * math.prod(shape[-1:]) for shape in shapes)
    rows = 2 * ORDER // len(population) + len(member.rows) + len(member.val)
    return 4 * (values + rows + own_table * member.x.size)
