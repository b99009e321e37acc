"""An epoch as a bare loop over batches, on PyTorch."""

import keras
import torch

from aeexp.data import Integers
from aeexp.models import Network
from aeexp.training.population import Member
from aeexp.training.rows import batch_size, validation_batch_size


class Epochs:
    """The epochs of a member whose network is compiled: see `keras_engine.Epochs`."""

    def __init__(self, network: Network, member: Member) -> None:
        self.model, self.optimizer = network.training, network.training.optimizer
        self.variables = self.model.trainable_variables
        self.optimizer.build(self.variables)
        self.distance = keras.losses.get(member.experiment.training.loss.value)
        self.x = keras.ops.convert_to_tensor(member.x)
        self.weights = (
            None
            if member.weights is None
            else keras.ops.convert_to_tensor(member.weights, "float32")
        )
        self.val = torch.as_tensor(member.val, device=self.x.device)
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
        slopes = torch.autograd.grad(loss, [variable.value for variable in self.variables])
        with torch.no_grad():
            self.optimizer.apply(slopes, self.variables)
        return loss.detach()

    def _loss(self, rows: torch.Tensor, *, training: bool) -> torch.Tensor:
        x = self.x[rows]
        distances = self.distance(x, self.model(x, training=training))
        if training and self.weights is not None:
            distances = self.weights[rows] * distances
        return distances.mean() + sum(self.model.losses)
