"""Training member after member with Keras, on any backend.

Where models are small, Keras's `fit` spends most of its time beside the arithmetic. TensorFlow
and PyTorch can therefore do without it, with the same gradients, optimizers and callbacks.
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

from aeexp.config.spec import EarlyStopping, Engine
from aeexp.data import Integers
from aeexp.models import Network, build_seeded
from aeexp.runs.history import History
from aeexp.runs.progress import MemberProgress, Monitor, Progress
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.training.population import Member, Trained, copy_experiment, decimals, network_builder
from aeexp.training.rows import Orders, batch_size, validation_batch_size

Callbacks = Sequence[keras.callbacks.Callback]
FIT = Lock()


class Epochs(Protocol):
    """The epochs of a member whose network is compiled, without `fit`."""

    def train(self, order: Integers) -> float:
        """Train on the rows in this order; return the mean loss of the steps."""

    def validate(self) -> float:
        """Return the loss over the validation rows."""


LEAN = {
    "tensorflow": "aeexp.training.tensorflow_epochs",
    "torch": "aeexp.training.torch_epochs",
}
"""The modules whose `Epochs` a backend has instead of `fit`."""


def train(population: Sequence[Member], monitor: Monitor, callbacks: Callbacks = ()) -> Trained:
    """Train one member after another; see `training.train`."""
    seconds = compiling = 0.0
    histories: list[History] = []
    weights: list[list[Any]] = []
    for number, member in enumerate(population):
        with monitor.stage("build"):
            experiment = copy_experiment(
                member.experiment
            )  # whose numbers its network may exchange
            network = build_seeded(network_builder(experiment, member.x.shape[1]), experiment.seed)
        recorder = _Recorder(monitor, number, len(population))
        histories.append(_train(network, member, recorder, callbacks))
        weights.append([keras.ops.convert_to_numpy(v.value) for v in network.variables])
        compiling += recorder.compiling
        seconds += recorder.ends[-1] - recorder.ends[0] - recorder.compiling
        if monitor.stop:
            break
    templates = [network] * len(histories)
    models = [member.experiment.model for member in population[: len(histories)]]
    return Trained(
        templates, models, histories, weights, seconds, compiling, interrupted=monitor.stop
    )


def _train(
    network: Network, member: Member, recorder: "_Recorder", callbacks: Callbacks
) -> History:
    experiment, spec = member.experiment, member.experiment.training
    steps = math.ceil(len(member.rows) / batch_size(member))
    rate = learning_rate(experiment.schedule, experiment.optimizer.lr, steps, spec.epochs)
    network.training.compile(optimizer(experiment.optimizer, rate), spec.loss.value)
    stopper = _stopper(spec.early_stopping, validated=len(member.val) > 0)
    hearers = [recorder, *stopper, *callbacks]
    lean = LEAN.get(keras.backend.backend())
    if lean is None or callbacks or spec.engine is Engine.fit:
        _fit(network, member, hearers)
    else:
        _loop(import_module(lean).Epochs(network, member), network, member, hearers)
    epochs = len(recorder.loss)
    return History(
        loss=np.array(recorder.loss),
        val_loss=np.array(recorder.val_loss),
        learning_rate=decimals(np.array(recorder.rates)),
        kept=stopper[0].best_epoch if stopper and spec.early_stopping.restore_best else epochs - 1,
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
    """Seed the process's generators, by which `fit` shuffles, and leave them as they were.

    Threads share them, so one `fit` follows another. Nothing else in aeexp uses them. On JAX they
    are NumPy's alone: Keras's own `set_random_seed` would import TensorFlow.
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


def _loop(lean: Epochs, network: Network, member: Member, callbacks: Callbacks) -> None:
    model, epochs = network.training, member.experiment.training.epochs
    orders = Orders([member])
    hearers = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs)
    model.stop_training = False
    hearers.on_train_begin()
    for epoch in range(epochs):
        hearers.on_epoch_begin(epoch)
        logs = {"loss": lean.train(orders.draw(1)[0, 0])}
        if len(member.val):
            logs["val_loss"] = lean.validate()
        hearers.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    hearers.on_train_end()


class _Recorder(keras.callbacks.Callback):
    """Writes down every epoch; ends the training when the loss is lost or the monitor says so.

    It hears of member `number`, from 0, of so many `members`.
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
        self.loss.append(values["loss"])
        self.val_loss.append(values.get("val_loss", math.nan))
        self._tell(epoch)
        self.diverged = not all(map(math.isfinite, values.values()))
        self.interrupted = self.monitor.stop and not self.diverged
        if self.diverged or self.monitor.stop:
            self.model.stop_training = True

    def _tell(self, epoch: int) -> None:
        epochs = self.params["epochs"]
        loss, val_loss = np.array(self.loss[-1:]), np.array(self.val_loss[-1:])
        done, of = self.number * epochs + epoch + 1, self.members * epochs
        first = (
            None if self.number else MemberProgress(epoch + 1, self.loss[-1], self.val_loss[-1])
        )
        self.monitor.on_epoch(Progress(done, of, loss, val_loss, 1, first))

    @property
    def compiling(self) -> float:
        """Return the seconds that the first epoch took longer than the median of the others."""
        epochs = np.diff(self.ends)
        return max(0.0, epochs[0] - float(np.median(epochs[1:]))) if len(epochs) > 1 else 0.0


def _stopper(spec: EarlyStopping, *, validated: bool) -> list[keras.callbacks.EarlyStopping]:
    if spec.patience is None:
        return []
    return [
        keras.callbacks.EarlyStopping(
            monitor="val_loss" if validated else "loss",
            mode="min",
            patience=spec.patience,
            min_delta=spec.min_delta,
            restore_best_weights=spec.restore_best,
        )
    ]
