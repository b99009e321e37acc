"""What a search makes best: metrics by name, each one way or the other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from omegaconf import DictConfig, OmegaConf

from aeexp.config.metrics import Better, UnknownMetricError, metric
from aeexp.errors import UserError
from hydra_plugins.aeexp_optuna._options import Direction


@dataclass(frozen=True)
class Objectives:
    """The names of metrics, and the direction in which each is better."""

    names: Sequence[str]
    directions: Sequence[Direction]

    def refuse_unknown(self, runs: Collection[Mapping[str, float]]) -> None:
        """Refuse an objective that is in no run's metrics, unless no run has any.

        Raises:
            UserError: It lists the metrics there are.
        """
        known = sorted(set().union(*runs))
        unknown = [name for name in self.names if name not in known]
        if known and unknown:
            message = (
                f"sweep.objective={unknown[0]}: no run has this metric; choose {', '.join(known)}."
            )
            raise UserError(message)


def objectives(config: DictConfig, directions: Sequence[Direction]) -> Objectives:
    """Return the objectives of a configuration; no directions are known from their names.

    Raises:
        UserError: There are not as many directions as objectives, or none is known of one.
    """
    said = OmegaConf.select(config, "sweep.objective", default="val_loss")
    names = [said] if isinstance(said, str) else list(said)
    if directions and len(directions) != len(names):
        message = (
            f"hydra.sweeper.direction=[{','.join(each.name for each in directions)}]: say one"
            f" for each of the objectives, {', '.join(names)}."
        )
        raise UserError(message)
    return Objectives(names, list(directions) or [direction(name) for name in names])


def direction(name: str) -> Direction:
    """Return the way in which a metric is better, or its mean over repeats.

    Raises:
        UserError: Neither way is, or there is no such metric.
    """
    try:
        way = metric(name).better
    except UnknownMetricError as error:
        message = f"sweep.objective={name}: {error}"
        raise UserError(message) from None
    if way is Better.none:
        message = (
            f"sweep.objective={name}: {way.sentence}: say which is sought with"
            " hydra.sweeper.direction=minimize or maximize."
        )
        raise UserError(message)
    return Direction.maximize if way is Better.higher else Direction.minimize
