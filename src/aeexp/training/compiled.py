"""Compiled training: a population as one JAX program, on all cores or devices of this process.

**Groups.** Members are mapped over with `vmap` and divided among the devices with `shard_map`. On
the CPU each core is a device. If the members do not fit into half of the free memory, they train
in groups of one size, a multiple of the number of devices. With early stopping the groups are
small: a group trains until its last member stops, and the trials of a choice and the null models
then use one program. The last group is filled up with copies
of its last member, so that one program serves all groups; the copies are dropped from the results.

**Pauses.** A call of the program trains for about `PAUSE` seconds, or for one epoch if that takes
longer. Between calls the host reports the progress and may stop the training. While the devices
compute, it draws the order of the rows for the next call.

**Program cache.** Compiled programs are cached on disk by JAX, and in this process by their text
(`PROGRAMS`): the cache on disk cannot be configured if JAX was imported before aeexp, and every
fit of a grid search would compile again. Tracing, 0.15 s, is not cached.
"""

import math
import time
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from aeexp.data.memory import free_bytes
from aeexp.models import InitialValues, Network
from aeexp.runs.history import History
from aeexp.runs.progress import MemberProgress, Monitor, Progress
from aeexp.training.population import (
    Member,
    Starts,
    Trained,
    common,
    concatenate,
    decimals,
    hyperparameters,
    network_builder,
)
from aeexp.training.program import EpochLog, Program, StaticInputs, TrainState
from aeexp.training.rows import ORDER, Orders, batch_size, validation_batch_size
from aeexp.training.traced import require_read

PAUSE = 0.25  # seconds of training per call of the program
STOPPING_GROUP = 10  # members of a group with early stopping
SHARE = 0.5  # of the free memory for a group of members
PROGRAMS: dict[str, Any] = {}  # by their text
MOST_PROGRAMS = 32
PROGRAMS_LOCK = Lock()  # fits may run in several threads
COPIES = 10  # of a member's weights: best ones, optimizer slots, gradients, temporary arrays


def train(population: Sequence[Member], monitor: Monitor) -> Trained:
    """Train members with one program key, in groups that fit into memory; see `training.train`."""
    experiment = common(population)
    with monitor.stage("build"):
        require_read(population, experiment)
        make = network_builder(experiment, population[0].x.shape[1])
        values = InitialValues(make, [member.experiment.seed for member in population])
        program = Program(values.network, experiment, population[0])
        size = _group_size(population, values.network)
        if experiment.training.early_stopping.patience is not None:
            size = min(size, _even(STOPPING_GROUP))
    starts = range(0, len(population), size)
    trained: list[Trained] = []
    run = None
    for number, start in enumerate(starts):
        group = _Group(population, start, size, program, monitor)
        with monitor.stage("build"):
            group.start(values)
        part, run = group.train(number, len(starts), run)
        trained.append(part)
        if monitor.stop:
            break
    return concatenate(trained)


class _Group:
    """Members that train at once: `size` from `start`, filled up with copies of the last one.

    program: of the whole population. What decides the shapes of its inputs does so for all groups.
    """

    def __init__(
        self,
        population: Sequence[Member],
        start: int,
        size: int,
        program: Program,
        monitor: Monitor,
    ) -> None:
        group = population[start : start + size]
        self.monitor, self.real = monitor, len(group)
        self.members = [*group, *[group[-1]] * (size - len(group))]
        self.program, self.experiment, self.network = program, program.experiment, program.network
        self.shared = all(member.x is population[0].x for member in population)
        self.weighted = any(member.weights is not None for member in population)
        self.mesh = Mesh(jax.local_devices()[:size], ("members",))
        self.epochs = self.experiment.training.max_epochs
        self.orders = Orders(self.members)

    def train(self, number: int, groups: int, run: Any) -> tuple[Trained, Any]:
        """Train to the end; return the compiled program, too, for the other groups.

        number: index of this group, from 0. run: the program, None in the first group.
        """
        start = time.perf_counter()
        state, inputs = self.state, self._static_inputs()
        run = run or self._compiled(state, inputs)
        compiled = time.perf_counter()
        logs: list[EpochLog] = []
        for after, log in self._calls(run, state, inputs):
            state = after
            logs.append(log)
            self._report(logs, number, groups)
            if self.monitor.stop:
                break
        trained = Trained(
            templates=[self.network] * self.real,
            models=[member.experiment.model for member in self.members[: self.real]],
            histories=self._histories(logs, state),
            weights=self._weights(state),
            seconds=time.perf_counter() - compiled,
            compile=compiled - start,
            interrupted=self.monitor.stop,
        )
        return trained, run

    def start(self, values: InitialValues) -> None:
        """Send the state before the first epoch to the devices."""
        network, seeds = self.network, [member.experiment.seed for member in self.members]
        training, starts = network.training, [*map(Starts().of, self.members)]
        names = dict(zip(map(id, network.variables), network.names, strict=True))
        stacked = {
            id(variable): np.stack(
                [
                    start.get(names.get(id(variable), ""), drawn)
                    for start, drawn in zip(starts, of_members, strict=True)
                ]
            )
            for variable, *of_members in zip(training.variables, *values.of(seeds), strict=True)
        }
        trainable = [stacked[id(variable)] for variable in training.trainable_variables]
        other = [stacked[id(variable)] for variable in training.non_trainable_variables]
        self.state = self._split(self.program.initial_state(trainable, other))

    def _static_inputs(self) -> StaticInputs:
        """Send the inputs that no epoch changes to the devices."""
        values = [hyperparameters(member.experiment) for member in self.members]
        pairs = {}
        for key, most in hyperparameters(self.experiment).items():
            array = np.array([value[key] for value in values])
            if most:  # a zero in all members stays a compiled constant
                with np.errstate(over="ignore"):  # a value beyond single precision diverges
                    pairs[key] = array.astype(np.float32), (1 - array).astype(np.float32)
        tables = [member.x for member in self.members]
        shared = NamedSharding(self.mesh, PartitionSpec())
        weights = None
        if self.weighted:
            ones = np.ones(len(tables[0]))
            rows = [ones if m.weights is None else m.weights for m in self.members]
            weights = self._split(np.stack(rows).astype(np.float32))
        return StaticInputs(
            hyperparameters=self._split(pairs),
            x=jax.device_put(tables[0], shared) if self.shared else self._split(np.stack(tables)),
            val=self._split(np.stack([member.val for member in self.members]).astype(np.int32)),
            weights=weights,
        )

    def _compiled(self, state: TrainState, inputs: StaticInputs) -> Any:
        """Return the compiled program, from the process's cache if it is one of the last few."""
        split, shared = PartitionSpec("members"), PartitionSpec()
        mapped = jax.shard_map(
            self.program.epochs,
            mesh=self.mesh,
            in_specs=(split, inputs.axes(shared, split), split, shared, shared),
            out_specs=(split, split),
            check_vma=False,
        )
        order = self._split(self.orders.draw(0))
        arguments = (state, inputs, order, np.int32(0), np.int32(0))
        lowered = jax.jit(mapped, donate_argnums=0).lower(*arguments)
        text = lowered.as_text()
        with PROGRAMS_LOCK:
            program = PROGRAMS.pop(text, None) or lowered.compile()
            PROGRAMS[text] = program
            while len(PROGRAMS) > MOST_PROGRAMS:
                del PROGRAMS[next(iter(PROGRAMS))]
        return program

    def _calls(
        self, run: Any, state: TrainState, inputs: StaticInputs
    ) -> Iterator[tuple[TrainState, EpochLog]]:
        """Call the program until all members have stopped; yield the state and log of each call.

        The next order of the rows is drawn while the devices compute.
        """
        first, count, pace = 0, 1, PAUSE
        order = self._split(self.orders.draw(count))
        while count:
            start = time.perf_counter()
            state, log = run(state, inputs, order, np.int32(first), np.int32(count))
            first, trained = first + count, count
            count = min(max(1, int(PAUSE / pace)), self.orders.most, self.epochs - first)
            if count:
                order = self._split(self.orders.draw(count))
            arrays = (np.asarray(array)[: self.real, :trained].copy() for array in log)
            yield state, EpochLog(*arrays)
            if not np.asarray(state.active)[: self.real].any():
                return
            pace = (time.perf_counter() - start) / trained

    def _report(self, logs: list[EpochLog], number: int, groups: int) -> None:
        """Report the epochs of the last call to the monitor."""
        done = number * self.epochs + sum(log.loss.shape[1] for log in logs[:-1])
        log = logs[-1]
        for i in range(log.loss.shape[1]):
            active = log.counts[:, i]
            if active.any():
                epoch, loss, val_loss = done + i + 1, log.loss[active, i], log.val_loss[active, i]
                first = None
                if number == 0 and active[0]:
                    first = MemberProgress(epoch, float(loss[0]), float(val_loss[0]))
                total = groups * self.epochs
                self.monitor.on_epoch(Progress(epoch, total, loss, val_loss, self.real, first))

    def _histories(self, logs: list[EpochLog], state: TrainState) -> list[History]:
        log = EpochLog(*(np.concatenate(arrays, axis=1) for arrays in zip(*logs, strict=True)))
        best_epoch, active = np.asarray(state.best_epoch), np.asarray(state.active)
        histories = []
        for i in range(self.real):
            counts = log.counts[i]
            loss, val_loss = (array[i][counts].astype(float) for array in log[:2])
            last = [loss[-1], val_loss[-1]] if self.program.validated else [loss[-1]]
            history = History(
                loss,
                val_loss,
                decimals(log.learning_rate[i][counts]),
                kept=int(best_epoch[i]),
                interrupted=bool(active[i]) and len(loss) < self.epochs,
                lost=None if np.isfinite(last).all() else len(loss) - 1,
            )
            histories.append(history)
        return histories

    def _weights(self, state: TrainState) -> list[list[Any]]:
        """Return the final values of the network's variables, by member."""
        training = self.network.training
        trainable, other = state.best_weights or (state.trainable, state.other)
        variables = [*training.trainable_variables, *training.non_trainable_variables]
        value_of = {
            id(variable): np.asarray(value)
            for variable, value in zip(variables, [*trainable, *other], strict=True)
        }
        values = [value_of[id(variable)] for variable in self.network.variables]
        return [[value[i] for value in values] for i in range(self.real)]

    def _split(self, values: Any) -> Any:
        """Send arrays to the devices, split along their first axis, the members."""
        return jax.device_put(values, NamedSharding(self.mesh, PartitionSpec("members")))


def _group_size(population: Sequence[Member], network: Network) -> int:
    """Return the number of members that train at once: equal on all devices, with few groups."""
    if len(population) == 1:
        return 1
    devices = jax.local_devices()
    most = max(1, int(SHARE * _free_bytes(devices) / _bytes(population, network)))
    most -= most % len(devices) if most > len(devices) else 0
    groups = -(-len(population) // most)
    size = -(-len(population) // groups)
    return _even(size)


def _even(size: int) -> int:
    """Round up to a multiple of the number of devices, unless there are fewer members."""
    devices = len(jax.local_devices())
    return size if size < devices else -(-size // devices) * devices


def _free_bytes(devices: Sequence[Any]) -> float:
    stats = devices[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return len(devices) * (stats["bytes_limit"] - stats["bytes_in_use"])
    return free_bytes()


def _bytes(population: Sequence[Member], network: Network) -> int:
    """Estimate the bytes that a member takes while it trains. network: of any member."""
    member = population[0]
    shapes = [variable.shape for variable in network.training.variables]
    batch = max(batch_size(member), validation_batch_size(member))
    own_table = any(other.x is not member.x for other in population)
    values = COPIES * sum(math.prod(shape) + batch * math.prod(shape[-1:]) for shape in shapes)
    rows = 2 * ORDER // len(population) + len(member.rows) + len(member.val)
    return 4 * (values + rows + own_table * member.x.size)
