"""Training loop."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import LOSS_METRICS, Spec, param, part


class Loss(Enum):
    """Reconstruction loss between x and x_hat, averaged over features."""

    mse = "mse"
    mae = "mae"
    huber = "huber"
    binary_crossentropy = "binary_crossentropy"


LOSSES = {
    Loss.mse: "the mean squared error",
    Loss.mae: "the mean absolute error",
    Loss.huber: "the Huber loss [@huber1964] (threshold 1)",
    Loss.binary_crossentropy: "the binary cross-entropy",
}
"""Their names in a paper."""


class Engine(Enum):
    """Training engine. All give the same results, at different speed.

    compiled: all models in one compiled program (JAX only). keras: one model after another, on
    any backend. fit: one model after another by `keras.Model.fit`.
    """

    compiled = "compiled"
    keras = "keras"
    fit = "fit"


@dataclass(kw_only=True)
class EarlyStopping(Spec):
    """Early stopping by validation loss; by training loss without held-out rows."""

    patience: int | None = param(
        None, "Epochs without improvement before training stops. null: no limit.", at_least=1
    )
    min_delta: float = param(0.0, "Minimum decrease that counts as improvement.", at_least=0)
    restore_best: bool = param(True, "Restore the weights of the best epoch.")


@dataclass(kw_only=True)
class Training(Spec):
    """Training by mini-batches."""

    epochs: int = param(200, "Number of epochs; 0 keeps the initial weights.", at_least=0)
    batch_size: int = param(16, "Rows per batch; at most the number of training rows.", at_least=1)
    shuffle: bool = param(True, "Shuffle the rows before each epoch.")
    loss: Loss = param(Loss.mse, "Reconstruction loss.", redefines=LOSS_METRICS)
    early_stopping: EarlyStopping = part(EarlyStopping, "Early stopping.")
    engine: Engine | None = param(
        None, "Training engine. null: compiled on JAX, keras on TensorFlow and PyTorch."
    )
