"""Training with Keras, one member after another, on any backend.

For small models Keras's `fit` takes longer than the arithmetic. TensorFlow and PyTorch therefore
use loops of their own, with the same gradients, optimizers and callbacks.
"""

import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import Any, Protocol

import keras
import numpy as np

from aeexp.config.spec import Engine
from aeexp.data import Floats, Integers
from aeexp.models import Network, build_seeded
from aeexp.runs.history import History
from aeexp.runs.progress import MemberProgress, Monitor, Progress
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.training.population import (
    Member,
    Starts,
    Trained,
    copy_experiment,
    decimals,
    network_builder,
)
from aeexp.training.rows import (
    Orders,
    batch_size,
    evaluation_batch_size,
    validation_batch_size,
)

Callbacks = Sequence[keras.callbacks.Callback]
FIT = Lock()  # for `fit`, which shuffles with global generators


class Epochs(Protocol):
    """Training and validation of one member without `fit`; its network is compiled."""

    def train(self, order: Integers) -> float:
        """Train on the rows in this order; return the mean loss of the steps."""

    def validate(self) -> float:
        """Return the loss over the validation rows."""


LOOPS = {
    "tensorflow": "aeexp.training.tensorflow_epochs",
    "torch": "aeexp.training.torch_epochs",
}
"""Modules with a class `Epochs`, by backend."""


def train(population: Sequence[Member], monitor: Monitor, callbacks: Callbacks = ()) -> Trained:
    """Train one member after another; see `training.train`."""
    seconds = compiling = 0.0
    histories: list[History] = []
    weights: list[list[Any]] = []
    starts = Starts()
    for number, member in enumerate(population):
        with monitor.stage("build"):
            experiment = copy_experiment(member.experiment)  # `Trained.network` changes its spec
            network = build_seeded(network_builder(experiment, member.x.shape[1]), experiment.seed)
            if start := starts.of(member):
                drawn = network.weights()
                network.assign(start.get(name, drawn[name]) for name in network.names)
        recorder = _Recorder(monitor, number, len(population))
        histories.append(_train(network, member, recorder, callbacks))
        weights.append([keras.ops.convert_to_numpy(v.value) for v in network.variables])
        compiling += recorder.compiling
        seconds += recorder.ends[-1] - recorder.ends[0] - recorder.compiling
        if monitor.stop:
            break
    return Trained(
        templates=[network] * len(histories),
        models=[member.experiment.model for member in population[: len(histories)]],
        histories=histories,
        weights=weights,
        seconds=seconds,
        compile=compiling,
        interrupted=monitor.stop,
    )


def _train(
    network: Network, member: Member, recorder: "_Recorder", callbacks: Callbacks
) -> History:
    experiment, spec = member.experiment, member.experiment.training
    steps = math.ceil(len(member.rows) / batch_size(member))
    rate = learning_rate(experiment.schedule, experiment.optimizer.lr, steps, max(1, spec.epochs))
    network.training.compile(optimizer(experiment.optimizer, rate), spec.loss.value)
    stopping = spec.early_stopping
    stopper = None
    if stopping.patience is not None:
        stopper = keras.callbacks.EarlyStopping(
            monitor="val_loss" if len(member.val) else "loss",
            mode="min",
            patience=stopping.patience,
            min_delta=stopping.min_delta,
            restore_best_weights=stopping.restore_best,
        )
    all_callbacks = [recorder, *([stopper] if stopper else []), *callbacks]
    module = LOOPS.get(keras.backend.backend())
    if not spec.epochs:
        _evaluate(network, member, all_callbacks)
    elif module is None or callbacks or spec.engine is Engine.fit:
        _fit(network, member, all_callbacks)
    else:
        _loop(import_module(module).Epochs(network, member), network, member, all_callbacks)
    epochs = len(recorder.loss)
    return History(
        loss=np.array(recorder.loss),
        val_loss=np.array(recorder.val_loss),
        learning_rate=decimals(np.array(recorder.rates)),
        kept=stopper.best_epoch if stopper and stopping.restore_best else epochs - 1,
        interrupted=recorder.interrupted and epochs < spec.epochs,
        lost=epochs - 1 if recorder.diverged else None,
    )


def _fit(network: Network, member: Member, callbacks: Callbacks) -> None:
    spec, x, x_val = member.experiment.training, member.x[member.rows], member.x[member.val]
    with _globally_seeded(member.experiment.seed):
        network.training.fit(
            x,
            x,
            sample_weight=None if member.weights is None else member.weights[member.rows],
            batch_size=batch_size(member),
            epochs=spec.epochs,
            shuffle=spec.shuffle,
            validation_data=(x_val, x_val) if len(x_val) else None,
            validation_batch_size=validation_batch_size(member),
            callbacks=list(callbacks),
            verbose=0,
        )


@contextmanager
def _globally_seeded(seed: int) -> Iterator[None]:
    """Seed the global generators, with which `fit` shuffles, and restore them afterwards.

    Threads share these generators, so only one `fit` runs at a time. Nothing else in aeexp uses
    them. On JAX only NumPy's is used, and Keras's `set_random_seed` would import TensorFlow.
    """
    with FIT:
        python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
        if keras.backend.backend() == "jax":
            np.random.seed(seed)  # noqa: NPY002, TID251
        else:
            keras.utils.set_random_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002


def _loop(epochs: Epochs, network: Network, member: Member, callbacks: Callbacks) -> None:
    """Train as `fit` does, with the same calls of callbacks."""
    model, count = network.training, member.experiment.training.epochs
    orders = Orders([member])
    calls = keras.callbacks.CallbackList(callbacks, model=model, epochs=count)
    model.stop_training = False
    calls.on_train_begin()
    for epoch in range(count):
        calls.on_epoch_begin(epoch)
        logs = {"loss": epochs.train(orders.draw(1)[0, 0])}
        if len(member.val):
            logs["val_loss"] = epochs.validate()
        calls.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    calls.on_train_end()


def _evaluate(network: Network, member: Member, callbacks: Callbacks) -> None:
    """Report the losses of the initial weights as one epoch."""
    calls = keras.callbacks.CallbackList(callbacks, model=network.training, epochs=1)
    calls.on_train_begin()
    calls.on_epoch_begin(0)
    logs = {"loss": _loss(network, member, member.rows, member.weights)}
    if len(member.val):
        logs["val_loss"] = _loss(network, member, member.val, None)
    calls.on_epoch_end(0, logs)
    calls.on_train_end()


def _loss(network: Network, member: Member, rows: Integers, weights: Floats | None) -> float:
    """Return the loss over some rows without training; weights: of all rows of the table."""
    model, size = network.training, evaluation_batch_size(member, len(rows))
    function = keras.losses.get(member.experiment.training.loss.value)
    total = 0.0
    for first in range(0, len(rows), size):
        batch = rows[first : first + size]
        x = keras.ops.convert_to_tensor(member.x[batch])
        losses = keras.ops.convert_to_numpy(function(x, model(x, training=False)))
        terms = sum(float(keras.ops.convert_to_numpy(term)) for term in model.losses)
        if weights is not None:
            losses = losses * weights[batch]
        total += len(batch) * (float(losses.mean()) + terms)
    return total / len(rows)


class _Recorder(keras.callbacks.Callback):
    """Records every epoch; ends the training after a non-finite loss or on `monitor.stop`.

    number: index of the member, from 0, among `members`.
    """

    def __init__(self, monitor: Monitor, number: int, members: int) -> None:
        super().__init__()
        self.monitor, self.number, self.members = monitor, number, members
        self.loss: list[float] = []
        self.val_loss: list[float] = []
        self.rates: list[float] = []
        self.ends = [time.perf_counter()]
        self.diverged = self.interrupted = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  (Keras's)
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        values = logs or {}
        self.ends.append(time.perf_counter())
        loss, val_loss = values["loss"], values.get("val_loss", math.nan)
        self.loss.append(loss)
        self.val_loss.append(val_loss)
        epochs = self.params["epochs"]
        progress = Progress(
            done=self.number * epochs + epoch + 1,
            total=self.members * epochs,
            loss=np.array([loss]),
            val_loss=np.array([val_loss]),
            members=1,
            first=None if self.number else MemberProgress(epoch + 1, loss, val_loss),
        )
        self.monitor.on_epoch(progress)
        self.diverged = not all(map(math.isfinite, values.values()))
        self.interrupted = self.monitor.stop and not self.diverged
        if self.diverged or self.monitor.stop:
            self.model.stop_training = True

    @property
    def compiling(self) -> float:
        """Return the seconds by which the first epoch exceeds the median of the others."""
        epochs = np.diff(self.ends)
        return max(0.0, epochs[0] - float(np.median(epochs[1:]))) if len(epochs) > 1 else 0.0
