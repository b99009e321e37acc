"""How long and on what the model is trained."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import LOSS_METRICS, Spec, param, part


class Loss(Enum):
    """The distance between x and x_hat that training makes small, averaged over features."""

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
"""What each is called in a paper."""


class Engine(Enum):
    """What trains. The results are the same; how long they take is not.

    compiled: all repeats in one program, on JAX. keras: one after another, on any backend. fit:
    the same by Keras's own `fit`.
    """

    compiled = "compiled"
    keras = "keras"
    fit = "fit"


@dataclass(kw_only=True)
class EarlyStopping(Spec):
    """Stops when the validation loss (without validation rows: the loss) no longer falls."""

    patience: int | None = param(
        None, "Epochs without improvement before training stops; null never stops.", at_least=1
    )
    min_delta: float = param(0.0, "Smallest fall that counts as improvement.", at_least=0)
    restore_best: bool = param(True, "Go back to the weights of the best epoch.")


@dataclass(kw_only=True)
class Training(Spec):
    """Passes over the training rows in shuffled batches."""

    epochs: int = param(200, "Passes over the training rows.", at_least=1)
    batch_size: int = param(16, "Rows per step; clipped to the number of rows.", at_least=1)
    shuffle: bool = param(True, "Shuffle the rows before each pass.")
    loss: Loss = param(
        Loss.mse,
        "Distance between the rows and their reconstruction.",
        redefines=LOSS_METRICS,
    )
    early_stopping: EarlyStopping = part(EarlyStopping, "When to stop before the last epoch.")
    engine: Engine | None = param(
        None, "What trains: null is compiled on JAX, keras on TensorFlow and PyTorch."
    )
