"""Hydra's sweeper plugin for Optuna; imports Optuna when it is used, not when it is discovered."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from aeexp.errors import UserError
from hydra_plugins.aeexp_optuna._options import Options, objectives

ConfigStore.instance().store(
    group="hydra/sweeper", name="aeexp_optuna", node=Options, provider="aeexp"
)


class OptunaSweeper(Sweeper):
    """Searches for the parameters that optimise `sweep.objective`.

    It searches every parameter with several values. Seeds with several values are repeats: each
    trial trains all of them, and is judged by their mean.
    """

    def __init__(self, **options: Any) -> None:
        self.arguments = options

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Prepare for `sweep`; Hydra calls it first.

        Raises:
            UserError: Optuna is not installed, or an option is out of bounds.
        """
        if find_spec("optuna") is None:
            raise UserError(
                'hydra/sweeper=aeexp_optuna needs Optuna: pip install "aeexp[optuna]".'
            )
        self.options = Options(**self.arguments)
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[Sequence[JobReturn]]:
        """Search the space of the overrides; resume the sweep if the directory has one.

        Raises:
            UserError: There is nothing to search, or see `Search.run`.
            KeyboardInterrupt: It was interrupted.
        """
        from aeexp.runs import write_bytes  # noqa: PLC0415
        from hydra_plugins.aeexp_optuna import _search, _space, _study  # noqa: PLC0415

        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        params = [f"{key}={value}" for key, value in (self.options.params or {}).items()]
        space = _space.space([*params, *arguments], self.config, self.hydra_context.config_loader)
        goals = objectives(self.config, self.options.direction)
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / "multirun.yaml", OmegaConf.to_yaml(self.config).encode())
        with _study.open_study(folder, self.options, goals, space) as study:
            search = _search.Search(folder, study, space, goals, self.launcher)
            return search.run(self.options.n_trials, self.options.batch)
