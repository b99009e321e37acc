"""Epochs on TensorFlow, each one graph."""

from typing import Any

import keras
import tensorflow as tf

from aeexp.data import Integers
from aeexp.models import Network
from aeexp.training.population import Member
from aeexp.training.rows import batch_size, validation_batch_size


class Epochs:
    """Implements `keras_engine.Epochs`."""

    def __init__(self, network: Network, member: Member) -> None:
        self.model, self.optimizer = network.training, network.training.optimizer
        self.optimizer.build(self.model.trainable_variables)
        self.loss = keras.losses.get(member.experiment.training.loss.value)
        self.x = tf.constant(member.x)
        self.weights = None if member.weights is None else tf.constant(member.weights, tf.float32)
        self.val = tf.constant(member.val, tf.int32)
        self.batch_size, self.val_batch_size = batch_size(member), validation_batch_size(member)

    def train(self, order: Integers) -> float:
        return float(self._train(tf.constant(order)))

    def validate(self) -> float:
        return float(self._validate())

    @tf.function  # type: ignore[untyped-decorator]
    def _train(self, order: tf.Tensor) -> tf.Tensor:
        return _over_batches(self._step, order, self.batch_size)

    @tf.function  # type: ignore[untyped-decorator]
    def _validate(self) -> tf.Tensor:
        return _over_batches(
            lambda rows: self._loss(rows, training=False), self.val, self.val_batch_size
        )

    def _step(self, rows: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(rows, training=True)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _loss(self, rows: tf.Tensor, *, training: bool) -> tf.Tensor:
        x = tf.gather(self.x, rows)
        losses = self.loss(x, self.model(x, training=training))
        if training and self.weights is not None:
            losses *= tf.gather(self.weights, rows)
        return tf.add_n([tf.reduce_mean(losses), *self.model.losses])


def _over_batches(f: Any, rows: tf.Tensor, size: int) -> tf.Tensor:
    """Return the mean of f per row over batches of rows; the last batch may be smaller."""
    count = rows.shape[0]
    full, rest = divmod(count, size)
    total = tf.constant(0.0)
    for batch in tf.range(full):
        total += size * f(tf.slice(rows, [batch * size], [size]))
    if rest:
        total += rest * f(rows[full * size :])
    return total / count
