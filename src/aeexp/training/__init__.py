"""train: a population -> its histories and weights."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import keras

from aeexp.backend import refuse_forked
from aeexp.config.spec import Engine, Experiment
from aeexp.errors import UserError
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.training import keras_engine
from aeexp.training.divergence import mark_diverged
from aeexp.training.population import Member, Trained, concatenate, program_key
from aeexp.training.turned import turned

__all__ = ["History", "Member", "Trained", "engine", "program_key", "train"]

Callbacks = Sequence[keras.callbacks.Callback]


def train(
    population: Sequence[Member], monitor: Monitor | None = None, callbacks: Callbacks = ()
) -> Trained:
    """Train members; consecutive members with equal program keys train together.

    A member stops after its last epoch, after an epoch without a finite loss, or by early
    stopping. With `epochs=0` it keeps its initial weights, and no program is compiled. All stop
    when the monitor's `stop` is set. The result of a member does not depend on the other members.

    callbacks: Keras callbacks of the user, called by Keras's `fit` for all members, one after
    another. If they change weights, the history does not show it.

    Raises:
        UserError: The requested engine is not available.
        RuntimeError: This process was forked from one that had already computed.
    """
    refuse_forked(keras.backend.backend())
    monitor = monitor or Monitor()
    parts: list[Trained] = []
    for _, group in groupby(population, key=program_key):
        members = [*group]
        first = members[0].experiment
        if first.training.max_epochs and engine(first, callbacks) is Engine.compiled:
            from aeexp.training import compiled  # noqa: PLC0415  (imports JAX)

            parts.append(compiled.train(members, monitor))
        else:
            parts.append(keras_engine.train(members, monitor, callbacks))
        if monitor.stop:
            break
    trained = concatenate(parts)
    trained = replace(
        trained,
        histories=mark_diverged(population, trained.histories),
        interrupted=trained.interrupted or len(trained.histories) < len(population),
    )
    with monitor.stage("turn"):
        return turned(population, trained)


def engine(experiment: Experiment, callbacks: Callbacks = ()) -> Engine:
    """Return the engine of an experiment: the requested one, or the fastest on the backend.

    Raises:
        UserError: The compiled engine is requested without JAX, or with callbacks.
    """
    on_jax, requested = keras.backend.backend() == "jax", experiment.training.engine
    if requested is Engine.compiled and (callbacks or not on_jax):
        raise UserError(
            "training.engine=compiled needs backend=jax and no callbacks: choose keras."
        )
    return requested or (Engine.compiled if on_jax and not callbacks else Engine.keras)
