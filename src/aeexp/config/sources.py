"""Config sources: the specs and folders of YAML files, but no packages that are imported.

Hydra's command line and aeexp's compose from the same sources: the schemas in Hydra's store, the
folder conf/, folders of installed packages of options, and folders that the user names.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from omegaconf import MISSING, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aeexp.config.hydra_private import (
    ConfigLoaderImpl,
    Hydra,
    SourcesRegistry,
    create_config_search_path,
    file_config_source,
    set_version,
)
from aeexp.config.names import schema
from aeexp.config.options import OPTIONS, OWN, SEVERAL, class_name, conf_dir, schema_of
from aeexp.config.safety import small_file
from aeexp.config.spec import Experiment, Spec
from aeexp.errors import UserError

SWEEPS = {"launcher": "population", "sweeper": "grid"}
"""How Hydra runs sweeps unless the command line or an experiment's file chooses another."""


def register() -> None:
    """Store every spec in Hydra's store, as schema/<group>/<option>.

    The schema of the experiment has no defaults for groups: conf/config.yaml chooses them. Hydra
    merges a chosen option into the schema, where defaults of another option's spec would remain.
    """
    store = ConfigStore.instance()
    if "schema" in store.repo:
        return
    experiment = OmegaConf.structured(Experiment)
    for group, options in OPTIONS.items():
        experiment[group] = {} if group in SEVERAL else MISSING
        for name, node in [*options.items()]:
            if name not in OWN[group] and not _is_supported(node):
                del options[name]
                continue
            store.store(name, schema(group, name), f"schema/{group}", provider="aeexp")
            if name not in OWN[group]:  # a file of the package has precedence
                option = {"defaults": [schema_of(group, name)]}
                store.store(group=group, name=name, node=option, provider=class_name(node))
    store.store(group="schema", name="experiment", node=experiment, provider="aeexp")
    # Hydra keeps the first override that it reads. It reads the file of an experiment before
    # this one, but after conf/config.yaml.
    chosen = [{f"override /hydra/{group}": name} for group, name in SWEEPS.items()]
    store.store(group="schema", name="sweep", node={"defaults": chosen}, provider="aeexp")


def _is_supported(kind: type[Spec]) -> bool:
    """Return whether OmegaConf supports the types of a package's option; warn if not."""
    try:
        OmegaConf.structured(kind)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        warnings.warn(f"The option {class_name(kind)} is left out. {reason}", stacklevel=2)
        return False
    return True


def compose_config(name: str, overrides: list[str]) -> DictConfig:
    """Return the configuration of a primary configuration's name and overrides."""
    try:
        return compose(name, overrides, return_hydra_config=True)
    except OmegaConfBaseException:
        raise  # some derive from KeyError
    except KeyError as error:
        raise UserError(
            f"hydra.job.env_copy: {error} is not set: remove it, or set it in the shell."
        ) from error


class FileConfigSource(file_config_source.FileConfigSource):
    """Folders of option files, whose sizes are limited because they may be untrusted.

    It has the name of Hydra's own class: Hydra's registry compares classes by name when it
    discovers plugins again in another process.
    """

    def load_config(self, config_path: str) -> ConfigResult:
        with small_file(Path(self.path, self._normalize_file_name(config_path))):
            return super().load_config(config_path)


@contextmanager
def config_loader(config_dir: str | None) -> Iterator[ConfigLoader]:
    """Initialise Hydra as `hydra.main` does, and yield its loader of configurations.

    config_dir: a folder of the user's with further options (`--config-dir`).
    """
    path = create_config_search_path(str(conf_dir()))
    if config_dir:
        folder = f"file://{Path(config_dir).resolve()}"
        path.prepend("command-line", folder, SearchPathQuery(provider="schema"))
    set_version()
    Plugins.instance()  # registers Hydra's own FileConfigSource, replaced below
    SourcesRegistry.instance().types[FileConfigSource.scheme()] = FileConfigSource
    try:
        yield Hydra.create_main_hydra2("aeexp", path).config_loader
    finally:
        GlobalHydra.instance().clear()


def require_folders(loader: ConfigLoader, name: str, overrides: list[Override]) -> None:
    """Reject packages in `hydra.searchpath`: Hydra imports a package to search it.

    Overrides and the primary configuration, `name`, can set the search path.
    """
    assert isinstance(loader, ConfigLoaderImpl)
    searched = [o.value() for o in overrides if o.key_or_group == "hydra.searchpath"]
    if loaded := loader.repository.load_config(name):
        searched.append(OmegaConf.select(loaded.config, "hydra.searchpath"))
    for paths in searched:
        for path in paths if isinstance(paths, list | ListConfig) else ():
            if "://" in str(path) and not str(path).startswith("file://"):
                raise UserError(f"hydra.searchpath: {path} may run any code; use file://<folder>.")
