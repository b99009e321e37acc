"""Experiments with the suite's usual settings: one small model and one split, for speed."""

from dataclasses import replace
from typing import Any

from aeexp.config.spec import Experiment, Shallow, Split

EPOCHS, BATCH = 200, 16


def usual(**changes: Any) -> Experiment:
    """Return an experiment in which nothing is automatic. changes: values of its fields."""
    experiment = Experiment(**({"model": Shallow()} | changes))
    training, optimizer, split = experiment.training, experiment.optimizer, experiment.split
    numbers = {"epochs": EPOCHS, "batch_size": BATCH}
    unset = {name: n for name, n in numbers.items() if getattr(training, name) is None}
    if split.column is None and split == Split(seed=split.seed, stratify=split.stratify):
        split = replace(split, validation=0.2)
    return replace(
        experiment,
        training=replace(training, **unset),
        optimizer=replace(optimizer, lr=optimizer.rate),
        split=split,
    )
