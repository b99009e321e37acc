"""train: a population -> what became of it, epoch by epoch."""

from collections.abc import Sequence
from importlib import import_module

import keras

from aeexp.spec import Engine
from aeexp.training.population import History, Member, Trained
from aeexp.watch import Watch

__all__ = ["History", "Member", "Trained", "train"]


def train(
    population: Sequence[Member],
    watch: Watch | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Trained:
    """Train members that have one mould: the same experiment but for seeds, numbers and values.

    Each ends at its last epoch, or after one that lost its loss or brought no improvement for too
    long; all end when the watch says so. A member comes to the same result in any company.

    callbacks: a user's own, each of which hears of all members, one after another; they need
    the `keras` or `fit` engine and get `fit`, which is Keras's own.

    Raises:
        ValueError: Callbacks were given to the compiled engine.
    """
    engine = population[0].experiment.training.engine
    if engine is None:
        compiles = keras.backend.backend() == "jax" and not callbacks
        engine = Engine.compiled if compiles else Engine.keras
    if engine is not Engine.compiled:
        module = import_module("aeexp.training.keras_engine")
        return module.train(population, watch or Watch(), callbacks)
    if callbacks:
        message = "Callbacks need training.engine=keras: a compiled program calls nobody."
        raise ValueError(message)
    return import_module("aeexp.training.compiled").train(population, watch or Watch())
