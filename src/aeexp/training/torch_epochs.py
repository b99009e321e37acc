"""Epochs on PyTorch, as a loop over batches without Keras's overhead."""

from collections.abc import Callable
from inspect import signature

import keras
import torch

from aeexp.data import Integers
from aeexp.models import Network
from aeexp.training.population import Member
from aeexp.training.rows import batch_size, validation_batch_size


class Epochs:
    """Implements `keras_engine.Epochs`."""

    def __init__(self, network: Network, member: Member) -> None:
        model, self.optimizer = network.training, network.training.optimizer
        self.x = keras.ops.convert_to_tensor(member.x)
        model(self.x[:1])  # so that `layer.losses` shows which layers add to the loss
        self.path = network.path or [model]
        self.calls = [_bare(layer) for layer in self.path]
        self.variables = model.trainable_variables
        self.optimizer.build(self.variables)
        self.loss = keras.losses.get(member.experiment.training.loss.value)
        self.weights = (
            None
            if member.weights is None
            else keras.ops.convert_to_tensor(member.weights, "float32")
        )
        self.val = torch.tensor(member.val.copy(), device=self.x.device)
        self.batch_size, self.val_batch_size = batch_size(member), validation_batch_size(member)

    def train(self, order: Integers) -> float:
        batches = torch.as_tensor(order, device=self.x.device).split(self.batch_size)
        return float(sum(len(rows) * self._step(rows) for rows in batches) / len(order))

    def validate(self) -> float:
        batches = self.val.split(self.val_batch_size)
        with torch.no_grad():
            total = sum(len(rows) * self._loss(rows, training=False) for rows in batches)
        return float(total / len(self.val))

    def _step(self, rows: torch.Tensor) -> torch.Tensor:
        loss = self._loss(rows, training=True)
        gradients = torch.autograd.grad(loss, [variable.value for variable in self.variables])
        with torch.no_grad():
            self.optimizer.apply(gradients, self.variables)
        return loss.detach()

    def _loss(self, rows: torch.Tensor, *, training: bool) -> torch.Tensor:
        x = x_hat = self.x[rows]
        for call in self.calls:
            x_hat = call(x_hat, training)
        losses = self.loss(x, x_hat)
        if training and self.weights is not None:
            losses = self.weights[rows] * losses
        return losses.mean() + sum(loss for layer in self.path for loss in layer.losses)


def _bare(layer: keras.layers.Layer) -> Callable[[torch.Tensor, bool], torch.Tensor]:
    """Return the `call` of a layer, without Keras's `__call__`, which takes three times as long.

    A layer that adds to the loss needs Keras's `__call__`.
    """
    call = layer if layer.losses else layer.call
    if "training" in signature(layer.call).parameters:
        return lambda x, training: call(x, training=training)
    return lambda x, _training: call(x)
