"""Options of the search, hydra.sweeper.*, and its objectives; imports no Optuna."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from omegaconf import DictConfig, OmegaConf

from aeexp.config.metrics import Better, UnknownMetricError, metric
from aeexp.config.spec import Spec, param
from aeexp.errors import UserError


class Direction(Enum):
    """Direction of an objective."""

    minimize = "minimize"
    maximize = "maximize"


class Sampler(Enum):
    """Sampler of trials.

    tpe: tree-structured Parzen estimator (Watanabe, 2023, arXiv:2304.11127), which learns from
    earlier trials; the first 10 are random. random: independent of earlier trials.
    """

    tpe = "tpe"
    random = "random"


@dataclass(kw_only=True)
class Options(Spec):
    """Search by Optuna for the parameters that optimise `sweep.objective`."""

    _target_: str = "hydra_plugins.aeexp_optuna.sweeper.OptunaSweeper"
    n_trials: int = param(
        32, "Number of trials, failed ones included; a resumed sweep continues.", at_least=1
    )
    batch: int = param(
        8,
        "Trials sampled at once; they train together, and do not learn from each other.",
        at_least=1,
    )
    sampler: Sampler = param(Sampler.tpe, "Sampler of trials.")
    seed: int = param(
        0, "Random seed of the sampler; `seed` is the runs' own.", at_least=0, below=2**32
    )
    direction: list[Direction] = param(
        [], "Direction of each objective. []: the direction of the metric."
    )
    params: dict[str, str] | None = param(
        None, "What is searched, as in an experiment's file: {optimizer.lr: 'interval(1e-4,1)'}."
    )
    storage: str | None = param(
        None,
        "Storage of trials. null: study.db in the sweep's directory; else a storage URL of Optuna,"
        " or journal:FILE for file systems that cannot lock a database.",
    )

    def reject(self, name: str, must_be: str, value: object) -> NoReturn:
        """Raise the error for an invalid value, named by its config key."""
        constraint = f"must be {must_be}"
        raise UserError(constraint, field=f"hydra.sweeper.{name}", value=value)


@dataclass(frozen=True)
class Objectives:
    """The metrics that a search optimises, and the direction of each."""

    names: Sequence[str]
    directions: Sequence[Direction]

    def require_measured(self, runs: Collection[Mapping[str, float]]) -> None:
        """Check the metrics of the first runs; runs without any metrics do not count.

        Raises:
            UserError: No run has one of the objectives.
        """
        measured = sorted(set().union(*runs))
        missing = [name for name in self.names if name not in measured]
        if measured and missing:
            choices = ", ".join(measured)
            raise UserError(
                f"sweep.objective={missing[0]}: no run has this metric; choose {choices}."
            )


def objectives(config: DictConfig, directions: Sequence[Direction]) -> Objectives:
    """Return the objectives of a configuration.

    directions: of each objective; empty for the directions of the metrics.

    Raises:
        UserError: There is not one direction for each objective, or a metric has none.
    """
    value = OmegaConf.select(config, "sweep.objective", default="val_loss")
    names = [value] if isinstance(value, str) else list(value)
    if directions and len(directions) != len(names):
        raise UserError(
            f"hydra.sweeper.direction=[{','.join(d.name for d in directions)}]: give one direction"
            f" for each objective, {', '.join(names)}."
        )
    return Objectives(names, list(directions) or [direction(name) for name in names])


def direction(name: str) -> Direction:
    """Return the direction of a metric.

    Raises:
        UserError: The metric has no direction, or there is no such metric.
    """
    try:
        better = metric(name).better
    except UnknownMetricError as error:
        raise UserError(f"sweep.objective={name}: {error}") from None
    if better is Better.none:
        raise UserError(
            f"sweep.objective={name}: this metric has no direction; choose"
            " hydra.sweeper.direction=minimize or maximize."
        )
    return Direction.maximize if better is Better.higher else Direction.minimize
