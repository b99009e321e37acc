"""Training with Keras's own `fit`, on any backend."""

import math
import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from aeexp.data import Floats
from aeexp.models import Network
from aeexp.spec import EarlyStopping, Experiment
from aeexp.training.history import History
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.watch import Watch

VALIDATION_BATCH = 4096  # rows at once; the loss over them does not depend on it


def train(
    experiment: Experiment, network: Network, x: Floats, x_val: Floats, watch: Watch
) -> History:
    """Fit the network to reproduce its rows.

    Ends at the last epoch, or after one that lost the loss, brought no improvement for too long
    or was the last the watch wanted.

    x, x_val: scaled rows (rows, features); `x_val` may have no rows.
    """
    spec = experiment.training
    batch_size = min(spec.batch_size, len(x))
    steps = math.ceil(len(x) / batch_size)
    rate = learning_rate(experiment.schedule, experiment.optimizer.lr, steps, spec.epochs)
    network.training.compile(optimizer(experiment.optimizer, rate), spec.loss.value)
    recorder, stopper = _Recorder(watch), _stopper(spec.early_stopping, validated=len(x_val) > 0)
    network.training.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=spec.epochs,
        shuffle=spec.shuffle,
        validation_data=(x_val, x_val) if len(x_val) else None,
        validation_batch_size=max(batch_size, VALIDATION_BATCH),
        callbacks=[recorder, *stopper],
        verbose=0,
    )
    last = len(recorder.loss) - 1
    kept = stopper[0].best_epoch if stopper and spec.early_stopping.restore_best else last
    rates = [_at(rate, epoch * steps) for epoch in range(len(recorder.loss))]
    return recorder.history(rates, kept)


class _Recorder(keras.callbacks.Callback):
    """Writes down every epoch; ends the training when the loss is lost or the watch says so."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
        self.loss: list[float] = []
        self.val_loss: list[float] = []
        self.ends = [time.perf_counter()]
        self.diverged = False

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        values = logs or {}
        self.ends.append(time.perf_counter())
        self.loss.append(values["loss"])
        self.val_loss.append(values.get("val_loss", math.nan))
        self.watch.epoch(epoch + 1, values["loss"], values.get("val_loss"))
        self.diverged = not all(map(math.isfinite, values.values()))
        if self.diverged or self.watch.stop:
            self.model.stop_training = True

    def history(self, rates: list[float], kept: int) -> History:
        epochs = np.diff(self.ends)
        compiling = max(0.0, epochs[0] - float(np.median(epochs[1:]))) if len(epochs) > 1 else 0.0
        return History(
            loss=np.array(self.loss),
            val_loss=np.array(self.val_loss),
            learning_rate=np.array(rates),
            kept=kept,
            diverged=self.diverged,
            interrupted=self.watch.stop,
            seconds=float(epochs.sum()) - compiling,
            compile=compiling,
        )


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


def _at(rate: Any, step: int) -> float:
    return float(rate(step)) if callable(rate) else float(rate)
