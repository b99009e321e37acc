"""Mean Jacobian of a network, by the backend's own gradients.

Finite differences would cost the square of the number of features. A test compares both.
"""

from collections.abc import Callable

import keras
import numpy as np

from aeexp.data import Floats
from aeexp.data.chunks import blocks


def mean_jacobian(model: keras.Model, x: Floats) -> Floats:
    """Return the mean over rows of d z_k / d x_j, as (features, factors).

    One backward pass per factor: the cost grows with the factors, not with the features. x: (rows,
    features).
    """
    total = np.zeros((x.shape[1], model.output_shape[1]))
    sum_over_rows = SUMS[keras.backend.backend()]
    for block in blocks(*x.shape):
        total += sum_over_rows(model, np.ascontiguousarray(x[block]))
    return total / len(x)


def _jax(model: keras.Model, x: Floats) -> Floats:
    import jax  # noqa: PLC0415  (may not be installed)

    z, back = jax.vjp(lambda x: model(x, training=False), x)
    return _columns(z.shape, lambda unit: back(unit)[0])


def _tensorflow(model: keras.Model, x: Floats) -> Floats:
    import tensorflow as tf  # noqa: PLC0415

    inputs = tf.constant(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        z = model(inputs, training=False)
    return _columns(z.shape, lambda unit: tape.gradient(z, inputs, tf.constant(unit)))


def _torch(model: keras.Model, x: Floats) -> Floats:
    import torch  # noqa: PLC0415

    inputs = keras.ops.convert_to_tensor(x).requires_grad_()
    z = model(inputs, training=False)

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
