"""Numbers for what is automatic in an experiment, and the settings that `model=auto` tries.

A parameter that is `auto` (None) follows from the table: batch size, number of epochs, learning
rate, model. `candidates` returns every setting that is worth a trial on validation rows; `settled`
returns one of them, for trainings without a choice. What the user has set is never changed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aeexp.config.spec import Auto, EarlyStopping, Experiment, ModelSpec, Residual
from aeexp.data.split import automatic_batch

STEPS, EPOCHS = 6_000, 2_000
"""Limits of an automatic training: steps and epochs."""
PATIENCE, PATIENT_STEPS = 20, 300
"""Epochs without improvement, and at least so many steps, before it stops."""
UNVALIDATED = 200
"""Epochs of an automatic training without validation rows."""
RATES = (3, 10, 1)
"""Learning rates that are tried, relative to the usual one; the first where one is enough."""
WIDTHS: tuple[tuple[list[int], tuple[int, ...]], ...] = (([32, 16], (3, 10)), ([128, 64], (1, 3)))
"""Hidden layers that `model=auto` tries, and their learning rates relative to the usual one."""


@dataclass(frozen=True)
class Candidate:
    """A setting to try. level: of its complexity, from 0; candidates of a level differ in rate."""

    experiment: Experiment
    level: int


def settled(experiment: Experiment, rows: int, *, validated: bool) -> Experiment:
    """Return an experiment with a number for everything that is automatic.

    rows: number of training rows. validated: whether there are validation rows.
    """
    model = experiment.model
    if isinstance(model, Auto):
        experiment = replace(experiment, model=_residual(model, WIDTHS[0][0]))
    return _with_numbers(experiment, rows, RATES[0], validated=validated)


def candidates(experiment: Experiment, rows: int) -> list[Candidate]:
    """Return the settings that an experiment tries, from simple to complex: one or more.

    `model=auto` tries a linear model, the principal components, then residual networks of rising
    width. An automatic learning rate with automatic epochs is tried at several rates.
    rows: number of training rows.
    """
    return [*_candidates(experiment, rows)]


def _candidates(experiment: Experiment, rows: int) -> Iterator[Candidate]:
    tries_rates = experiment.training.epochs is None and experiment.optimizer.lr is None
    model = experiment.model
    if not isinstance(model, Auto):
        for rate in RATES if tries_rates else RATES[:1]:
            yield Candidate(_with_numbers(experiment, rows, rate), 0)
        return
    linear = replace(experiment, model=_residual(model, []))
    untrained = replace(experiment.training, epochs=0)
    yield Candidate(_with_numbers(replace(linear, training=untrained), rows, RATES[0]), 0)
    for level, (hidden, rates) in enumerate(WIDTHS, 1):
        network = replace(experiment, model=_residual(model, hidden))
        for rate in rates if tries_rates else rates[:1]:
            yield Candidate(_with_numbers(network, rows, rate), level)


def _residual(model: Auto, hidden: list[int]) -> ModelSpec:
    return Residual(latent_dim=model.latent_dim, hidden=hidden, axes=model.axes)


def _with_numbers(
    experiment: Experiment, rows: int, rate: float, *, validated: bool = True
) -> Experiment:
    """Return an experiment with numbers. rate: learning rate relative to the usual one."""
    training, optimizer, is_auto = (
        experiment.training,
        experiment.optimizer,
        experiment.training.epochs is None,
    )
    if training.batch_size is None:
        training = replace(training, batch_size=automatic_batch(rows))
    if is_auto:
        steps = math.ceil(rows / min(training.batch_size or rows, rows))
        epochs = min(EPOCHS, math.ceil(STEPS / steps)) if validated else UNVALIDATED
        training = replace(training, epochs=epochs)
        if validated and training.early_stopping.patience is None:
            patience = max(PATIENCE, math.ceil(PATIENT_STEPS / steps))
            stopping = replace(training.early_stopping, patience=patience)
            training = replace(training, early_stopping=stopping)
    if optimizer.lr is None:
        optimizer = replace(optimizer, lr=optimizer.usual_lr * (rate if is_auto else 1))
    return replace(experiment, training=training, optimizer=optimizer)


def for_all_rows(experiment: Experiment, epochs: int) -> Experiment:
    """Return an experiment that trains on all rows for a number of epochs, without stopping."""
    training = replace(experiment.training, epochs=epochs, early_stopping=EarlyStopping())
    return replace(experiment, training=training)
