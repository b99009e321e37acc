"""A population: autoencoders that train together, and what became of them."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from aeexp.config.spec import Experiment, ModelSpec, RegulariserSpec, Spec
from aeexp.data import Floats, Integers
from aeexp.errors import UserError
from aeexp.models import Make, Network, build
from aeexp.runs.history import History

TRAINED = ("model", "regulariser", "optimizer", "schedule", "training")
"""The parts of an experiment that training depends on, beside the table."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One autoencoder of a population.

    x: (rows, features), scaled, single precision; members may share one array. rows: (trained,)
    indices of the rows trained on, where a row that is drawn twice counts twice. val: (held out,)
    indices of the rows of the validation loss, perhaps none. weights: (rows,) what each row
    counts in the training loss, 1 on average; None is 1 for all.

    Raises:
        ValueError: There are no rows to train on, rows that the table does not have, or not one
            weight for each row of the table.
    """

    experiment: Experiment
    x: NDArray[np.float32]
    rows: Integers
    val: Integers
    weights: Floats | None = None

    def __post_init__(self) -> None:
        rows = len(self.x)
        for name, indices in {"rows": self.rows, "val": self.val}.items():
            if len(indices) and not 0 <= indices.min() <= indices.max() < rows:
                message = f"Member.{name} must be at least 0, below {rows}: the rows of its table."
                raise ValueError(message)
        if not len(self.rows):
            message = "Member.rows must name at least one row to train on."
            raise ValueError(message)
        if self.weights is not None and self.weights.shape != (rows,):
            message = (
                f"Member.weights must be one for each of the table's {rows} rows, got"
                f" {self.weights.shape}."
            )
            raise ValueError(message)


@dataclass(frozen=True)
class Trained:
    """A population after its training; fewer members than were asked for if it was interrupted.

    templates: for each member a network of its mould, which members share. models, histories,
    weights: of each member; its weights are the values of its template's `variables`.
    seconds: of training, without `compile`, the seconds that making its program took.
    """

    templates: list[Network]
    models: list[ModelSpec]
    histories: list[History]
    weights: list[list[Floats]]
    seconds: float
    compile: float
    interrupted: bool

    def of(self, members: Sequence[int]) -> "Trained":
        """Return what became of some of the members, in this order, with their share of time."""
        share = len(members) / len(self.histories)
        return replace(
            self,
            templates=[self.templates[i] for i in members],
            models=[self.models[i] for i in members],
            histories=[self.histories[i] for i in members],
            weights=[self.weights[i] for i in members],
            seconds=share * self.seconds,
            compile=share * self.compile,
        )

    def network(self, member: int) -> Network:
        """Return a member's network: its template, which takes its weights and its numbers."""
        template = self.templates[member]
        assert template.spec, "the one that its layers read their numbers from"
        vars(template.spec).update(vars(self.models[member]))
        template.assign(self.weights[member])
        return template


def concatenate(parts: Sequence[Trained]) -> Trained:
    """Return what became of several populations, one after another, as of one."""
    return Trained(
        templates=[template for part in parts for template in part.templates],
        models=[model for part in parts for model in part.models],
        histories=[history for part in parts for history in part.histories],
        weights=[weights for part in parts for weights in part.weights],
        seconds=sum(part.seconds for part in parts),
        compile=sum(part.compile for part in parts),
        interrupted=any(part.interrupted for part in parts),
    )


def network_builder(experiment: Experiment, features: int) -> Make:
    """Return what builds an experiment's network for rows of so many features.

    It raises a UserError where the model passes over the regularisers that are asked for.
    """
    spec = experiment.model

    def make(seeds: Iterator[int]) -> Network:
        regularisers = _Regularisers(experiment.regulariser)
        network = build(spec, features, regularisers, seeds)
        if regularisers and not regularisers.read:
            message = (
                f"The model {type(spec).__name__} takes no notice of regularisers, and would be"
                " told as if it had: leave regulariser=… out."
            )
            raise UserError(message)
        return replace(network, spec=spec)

    return make


class _Regularisers(Mapping[str, RegulariserSpec]):
    """Regularisers by name, and whether a builder has looked at them."""

    def __init__(self, several: Mapping[str, RegulariserSpec]) -> None:
        self.several, self.read = several, False

    def __getitem__(self, name: str) -> RegulariserSpec:
        self.read = True
        return self.several[name]

    def __iter__(self) -> Iterator[str]:
        self.read = True
        return iter(self.several)

    def __len__(self) -> int:
        return len(self.several)


def decimals(values: Floats) -> Floats:
    """Return single-precision numbers as the shortest decimals that mean them: 0.001 for 0.001."""
    return np.array(list(map(str, values.astype(np.float32))), float)


def hyperparameters(experiment: Experiment) -> dict[str, float]:
    """Return the numbers in which members may differ, by the key that sets them.

    They are the `float` fields of the model, the regularisers, the optimizer, the schedule and
    early stopping that are not declared to be read while layers are built: what changes how a
    program computes, but not what.
    """
    return {f"{key}.{name}": getattr(spec, name) for key, spec, name in owners(experiment)}


def common(population: Sequence[Member]) -> Experiment:
    """Return what all members do, with each number as large as in any member.

    So whatever a positive number switches on is on.
    """
    moulds = {program_key(member) for member in population}
    assert len(moulds) == 1, f"a population has one mould, not {moulds}"
    experiment = copy_experiment(population[0].experiment)
    values = [hyperparameters(member.experiment) for member in population]
    set_hyperparameters(
        experiment, {key: max(value[key] for value in values) for key in values[0]}
    )
    return experiment


def program_key(member: Member) -> str:
    """Say what the members of a population must have in common: all but numbers and values."""
    experiment = copy_experiment(member.experiment)
    set_hyperparameters(experiment, dict.fromkeys(hyperparameters(experiment), 0.0))
    shapes = member.x.shape, len(member.rows), len(member.val)
    return repr([*(getattr(experiment, part) for part in TRAINED), *shapes])


def copy_experiment(experiment: Experiment) -> Experiment:
    """Return an experiment whose numbers can be set without touching those of the first.

    What says the table is not copied: it may be a data frame.
    """
    return replace(experiment, **{part: deepcopy(getattr(experiment, part)) for part in TRAINED})


def set_hyperparameters(experiment: Experiment, values: Mapping[str, Any]) -> None:
    """Set numbers by their keys, without asking whether they are in bounds."""
    for key, spec, name in owners(experiment):
        setattr(spec, name, values.get(f"{key}.{name}", getattr(spec, name)))


def owners(experiment: Experiment) -> Iterator[tuple[str, Spec, str]]:
    """Yield the key of each spec that has numbers, the spec, and the name of each number."""
    specs: dict[str, Spec] = {
        "model": experiment.model,
        "optimizer": experiment.optimizer,
        "schedule": experiment.schedule,
        "training.early_stopping": experiment.training.early_stopping,
    }
    specs |= {f"regulariser.{name}": spec for name, spec in experiment.regulariser.items()}
    for key, spec in specs.items():
        yield from ((key, spec, name) for name in _traced(type(spec)))  # type: ignore[arg-type]


@cache
def _traced(kind: type[Spec]) -> list[str]:
    types = get_type_hints(kind)
    return [f.name for f in fields(kind) if types[f.name] is float and f.metadata["traced"]]
