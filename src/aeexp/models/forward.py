"""A model as a function of rows, and its mean Jacobian by the backend's own gradients.

JAX would compile each operation of a model by itself, for each number of rows: one function is
compiled ten times faster. Finite differences would cost the square of the number of features.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from aeexp.data import Floats
from aeexp.data.chunks import blocks

Function = Callable[[Any], Any]


def compiled(model: keras.Model) -> Function:
    """Return the model, without dropout and noise, as a function of a tensor of rows.

    It uses the values that the variables have when it is called.
    """
    if keras.backend.backend() != "jax":
        return lambda x: model(x, training=False)
    import jax  # noqa: PLC0415  (may not be installed)

    @jax.jit
    def call(trainable: Any, other: Any, x: Any) -> Any:
        outputs, _ = model.stateless_call(trainable, other, x, training=False)
        return outputs

    def values(variables: Sequence[Any]) -> list[Any]:
        return [variable.value for variable in variables]

    return lambda x: call(
        values(model.trainable_variables), values(model.non_trainable_variables), x
    )


def mean_jacobian(function: Function, x: Floats) -> Floats:
    """Return the mean over rows of d z_k / d x_j, as (features, factors).

    One backward pass per factor: the cost grows with the factors, not with the features. function:
    from a tensor (rows, features) to (rows, factors). x: (rows, features).
    """
    sum_over_rows = SUMS[keras.backend.backend()]
    total: Any = 0.0
    for block in blocks(*x.shape):
        total = total + sum_over_rows(function, np.ascontiguousarray(x[block]))
    return np.asarray(total / len(x))


def _jax(function: Function, x: Floats) -> Floats:
    import jax  # noqa: PLC0415

    z, back = jax.vjp(function, x)
    return _columns(z.shape, lambda unit: back(unit)[0])


def _tensorflow(function: Function, x: Floats) -> Floats:
    import tensorflow as tf  # noqa: PLC0415

    inputs = tf.constant(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        z = function(inputs)
    return _columns(z.shape, lambda unit: tape.gradient(z, inputs, tf.constant(unit)))


def _torch(function: Function, x: Floats) -> Floats:
    import torch  # noqa: PLC0415

    inputs = keras.ops.convert_to_tensor(x).requires_grad_()
    z = function(inputs)

    def back(unit: Floats) -> torch.Tensor:
        seed = keras.ops.convert_to_tensor(unit)
        return torch.autograd.grad(z, inputs, seed, retain_graph=True)[0]

    return _columns(z.shape, back)


def _columns(shape: tuple[int, int], back: Callable[[Floats], object]) -> Floats:
    """Return the gradients of each factor, summed over rows: (features, factors).

    shape: (rows, factors). back: from weights of that shape to the gradient (rows, features).
    """
    ones = np.ones(shape[0], np.float32)
    units = (np.outer(ones, unit) for unit in np.eye(shape[1], dtype=np.float32))
    gradients = (keras.ops.convert_to_numpy(back(unit)) for unit in units)
    return np.stack([gradient.sum(0, dtype=np.float64) for gradient in gradients], axis=1)


SUMS = {"jax": _jax, "tensorflow": _tensorflow, "torch": _torch}
