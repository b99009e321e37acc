"""What can be said to the sweeper, as hydra.sweeper.*; imports no Optuna."""

from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from aeexp.config.spec import Spec
from aeexp.config.spec._spec import param
from aeexp.errors import UserError


class Direction(Enum):
    """Which way an objective is better."""

    minimize = "minimize"
    maximize = "maximize"


class Sampler(Enum):
    """How values are chosen.

    tpe: by what came of the values before (Watanabe, 2023, arXiv:2304.11127), after 10 trials at
    random. random: without regard to it.
    """

    tpe = "tpe"
    random = "random"


@dataclass(kw_only=True)
class Options(Spec):
    """A search by Optuna for the values that are best for `sweep.objective`."""

    _target_: str = "hydra_plugins.aeexp_optuna.sweeper.OptunaSweeper"
    n_trials: int = param(
        32, "Trials in all, whatever came of them; a resumed sweep goes on to here.", at_least=1
    )
    batch: int = param(
        8,
        "Trials chosen at once, which train together and learn nothing of each other.",
        at_least=1,
    )
    sampler: Sampler = param(Sampler.tpe, "How values are chosen.")
    seed: int = param(
        0, "Seed of the choices; `seed` alone is the runs'.", at_least=0, below=2**32
    )
    direction: list[Direction] = param(
        [], "Which way each objective is better; [] knows it from the metric's name."
    )
    storage: str | None = param(
        None,
        "Where trials are kept: null is study.db in the sweep's directory; else a URL that Optuna"
        " knows, or journal:FILE for file systems that cannot lock a database.",
    )

    def refuse(self, name: str, must_be: str, value: object) -> NoReturn:
        """Raise the error that an option's value calls for."""
        message = f"hydra.sweeper.{name} must be {must_be}, got {value}."
        raise UserError(message)
