"""train: a population -> what became of it, epoch by epoch."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

import keras

from aeexp.backend import refuse_forked
from aeexp.config.spec import Engine, Experiment
from aeexp.errors import UserError
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.training import keras_engine
from aeexp.training.divergence import mark_diverged
from aeexp.training.population import Member, Trained, concatenate, program_key

__all__ = ["History", "Member", "Trained", "engine", "program_key", "train"]

Callbacks = Sequence[keras.callbacks.Callback]


def train(
    population: Sequence[Member], monitor: Monitor | None = None, callbacks: Callbacks = ()
) -> Trained:
    """Train members, those together that have one mould: all but seeds, numbers and values.

    Each ends at its last epoch, or after one that lost its loss or brought no improvement for too
    long; all end when the monitor says so. A member comes to the same result in any company.

    callbacks: a user's own, each of which hears of all members, one after another, from Keras's
    `fit`. If they exchange weights, the history does not know of it.

    Raises:
        UserError: The engine that is asked for cannot do it.
        RuntimeError: This process was forked from one that had computed.
    """
    refuse_forked(keras.backend.backend())
    monitor = monitor or Monitor()
    moulds = [(program_key(member), member) for member in population]
    parts: list[Trained] = []
    for _, alike in groupby(moulds, key=itemgetter(0)):
        parts.append(_trained([member for _, member in alike], monitor, callbacks))
        if monitor.stop:
            break
    trained = concatenate(parts)
    cut = trained.interrupted or len(trained.histories) < len(population)
    return replace(
        trained, histories=mark_diverged(population, trained.histories), interrupted=cut
    )


def _trained(population: Sequence[Member], monitor: Monitor, callbacks: Callbacks) -> Trained:
    if engine(population[0].experiment, callbacks) is not Engine.compiled:
        return keras_engine.train(population, monitor, callbacks)
    from aeexp.training import compiled  # noqa: PLC0415  (imports JAX)

    return compiled.train(population, monitor)


def engine(experiment: Experiment, callbacks: Callbacks = ()) -> Engine:
    """Return what trains an experiment: the engine it names, or the backend's fastest.

    Raises:
        UserError: The compiled engine is asked for without JAX, or to call callbacks.
    """
    on_jax, named = keras.backend.backend() == "jax", experiment.training.engine
    if named is Engine.compiled and (callbacks or not on_jax):
        message = "training.engine=compiled needs backend=jax and no callbacks: choose keras."
        raise UserError(message)
    return named or (Engine.compiled if on_jax and not callbacks else Engine.keras)
