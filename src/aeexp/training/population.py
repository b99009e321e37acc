"""Populations: autoencoders that train together, and the result of their training.

Hyperparameters are arguments of the compiled program; structure is compiled. Members of one
population therefore have equal *program keys*: the same model class, layers, loss, batch size,
schedule and optimizer class, and tables of the same shape. Their seeds, tables, rows and
hyperparameters may differ. The hyperparameters are the `float` fields of the model, the
regularisers, the optimizer, the schedule and early stopping, unless they are declared with
`param(..., traced=False)`. A hyperparameter that is zero in all members stays a compiled constant,
because zero may switch a part of the computation off.
"""

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
from aeexp.models import Make, Network, build, start
from aeexp.runs.history import History

TRAINED = ("model", "regulariser", "optimizer", "schedule", "training")
"""Parts of an experiment, other than the table, that affect training."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One autoencoder of a population.

    x: (rows, features), scaled, single precision; members may share one array. rows: (train rows,)
    indices; a row that is listed twice counts twice. val: (held-out rows,) indices for the
    validation loss, possibly empty. weights: (rows,) weights in the training loss, 1 on average;
    None is 1 for all.

    Raises:
        ValueError: There are no training rows, an index is out of range, or `weights` has another
            length than the table.
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
                raise ValueError(
                    f"Member.{name} must be at least 0, below {rows}: the rows of its table."
                )
        if not len(self.rows):
            raise ValueError("Member.rows must name at least one row to train on.")
        if self.weights is not None and self.weights.shape != (rows,):
            raise ValueError(
                f"Member.weights must be one for each of the table's {rows} rows, got"
                f" {self.weights.shape}."
            )


@dataclass(frozen=True)
class Trained:
    """A trained population; it has fewer members than requested if the training was interrupted.

    templates: one network per member, shared by members with equal program keys. models,
    histories, weights: one per member; weights are the values of the template's `variables`.
    seconds: duration of the training without `compile`, the duration of the compilation.
    """

    templates: list[Network]
    models: list[ModelSpec]
    histories: list[History]
    weights: list[list[Floats]]
    seconds: float
    compile: float
    interrupted: bool

    def subset(self, members: Sequence[int]) -> "Trained":
        """Return some of the members, in this order, with their share of the seconds."""
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
        """Return a member's network: its template, with the member's weights and hyperparameters.

        Members share templates, so the network is valid until the next call.
        """
        template = self.templates[member]
        assert template.spec, "a template has the spec from which its layers read"
        vars(template.spec).update(vars(self.models[member]))
        template.assign(self.weights[member])
        return template


def concatenate(parts: Sequence[Trained]) -> Trained:
    """Return several populations, trained one after another, as one."""
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
    """Return the function that builds an experiment's network from an iterator of seeds.

    The function raises a UserError if the model ignores the experiment's regularisers.
    """
    spec = experiment.model

    def make(seeds: Iterator[int]) -> Network:
        regularisers = _Regularisers(experiment.regulariser)
        network = build(spec, features, regularisers, seeds)
        if regularisers and not regularisers.read:
            raise UserError(
                f"The model {type(spec).__name__} ignores regularisers, but its report would name"
                " them: leave regulariser=… out."
            )
        return replace(network, spec=spec)

    return make


class Starts:
    """Initial weights that depend on training rows, computed once for members that share them.

    The members must be kept alive as long as this object, because it compares addresses.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[int, int, str], Mapping[str, Floats]] = {}

    def of(self, member: Member) -> Mapping[str, Floats]:
        """Return initial weights of a member by name, in single precision; see `models.start`."""
        spec = member.experiment.model
        key = id(member.x), id(member.rows), repr(spec)
        if key not in self.known:
            weights = start(spec, member.x, member.rows)
            self.known[key] = {name: w.astype(np.float32) for name, w in weights.items()}
        return self.known[key]


class _Regularisers(Mapping[str, RegulariserSpec]):
    """Regularisers by name. read: whether a builder has read any of them."""

    def __init__(self, regularisers: Mapping[str, RegulariserSpec]) -> None:
        self.regularisers, self.read = regularisers, False

    def __getitem__(self, name: str) -> RegulariserSpec:
        self.read = True
        return self.regularisers[name]

    def __iter__(self) -> Iterator[str]:
        self.read = True
        return iter(self.regularisers)

    def __len__(self) -> int:
        return len(self.regularisers)


def decimals(values: Floats) -> Floats:
    """Return single-precision values as the shortest equivalent decimals: 0.001 for 0.001."""
    return np.array(list(map(str, values.astype(np.float32))), float)


def program_key(member: Member) -> str:
    """Return the key of the compiled program; members with equal keys can train together."""
    experiment = copy_experiment(member.experiment)
    set_hyperparameters(experiment, dict.fromkeys(hyperparameters(experiment), 0.0))
    shapes = member.x.shape, len(member.rows), len(member.val)
    return repr([*(getattr(experiment, part) for part in TRAINED), *shapes])


def common(population: Sequence[Member]) -> Experiment:
    """Return the experiment of all members, with the maximum of every hyperparameter.

    With the maximum, a part that a positive value switches on in any member is compiled.
    """
    keys = {program_key(member) for member in population}
    assert len(keys) == 1, f"members must have one program key, got {keys}"
    experiment = copy_experiment(population[0].experiment)
    values = [hyperparameters(member.experiment) for member in population]
    maxima = {key: max(value[key] for value in values) for key in values[0]}
    set_hyperparameters(experiment, maxima)
    return experiment


def hyperparameters(experiment: Experiment) -> dict[str, float]:
    """Return the traced hyperparameters by key (optimizer.lr): they may differ between members."""
    return {f"{key}.{name}": getattr(spec, name) for key, spec, name in owners(experiment)}


def set_hyperparameters(experiment: Experiment, values: Mapping[str, Any]) -> None:
    """Set traced hyperparameters by key, without a check of their bounds."""
    for key, spec, name in owners(experiment):
        setattr(spec, name, values.get(f"{key}.{name}", getattr(spec, name)))


def copy_experiment(experiment: Experiment) -> Experiment:
    """Return a copy whose hyperparameters can be set without changing the original.

    The dataset is not copied: it may be a data frame.
    """
    return replace(experiment, **{part: deepcopy(getattr(experiment, part)) for part in TRAINED})


def owners(experiment: Experiment) -> Iterator[tuple[str, Spec, str]]:
    """Yield every traced hyperparameter: the key of its spec, the spec, and the field's name."""
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
