"""All imports from Hydra's private modules, for Hydra 1.3 and 1.4.

Hydra executes its plugin modules again when it discovers plugins. Therefore look up their classes
in the modules (`basic_sweeper.BasicSweeper`) where they are used, not at import.
"""

from hydra import version
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins import basic_sweeper, file_config_source
from hydra._internal.hydra import Hydra
from hydra._internal.sources_registry import SourcesRegistry
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

__all__ = [
    "BASIC_LAUNCHER",
    "BASIC_SWEEPER",
    "VERSION",
    "ConfigLoaderImpl",
    "Hydra",
    "SourcesRegistry",
    "apply",
    "basic_sweeper",
    "create_config_search_path",
    "file_config_source",
    "get_args_parser",
    "name_job",
    "set_version",
]

BASIC_LAUNCHER = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"

VERSION = {"version_base": "1.3"} if hasattr(config_loader_impl, "get_overrides_dirname") else {}
"""Argument that makes Hydra 1.3 use its own defaults; Hydra 1.4 has no others."""


def set_version() -> None:
    """Make Hydra use its own defaults when it composes outside `hydra.main`."""
    if VERSION:
        version.setbase(VERSION["version_base"])


def apply(overrides: list[Override], config: DictConfig) -> None:
    """Set the values of overrides in a configuration."""
    ConfigLoaderImpl._apply_overrides_to_config(overrides, config)  # noqa: SLF001


def name_job(config: DictConfig, task: list[Override]) -> None:
    """Set the name of a job, made of its overrides. Hydra 1.4 does so itself, on access."""
    if VERSION:
        options = config.hydra.job.config.override_dirname
        config.hydra.job.override_dirname = config_loader_impl.get_overrides_dirname(
            task, options.exclude_keys, options.item_sep, options.kv_sep
        )
