"""Where options come from: aeexp's own menu and folders of files, but nothing that is imported."""

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
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aeexp.config.hydra_private import (
    ConfigLoaderImpl,
    Hydra,
    SourcesRegistry,
    create_config_search_path,
    file_config_source,
    set_version,
)
from aeexp.config.options import OPTIONS, OWN, SEVERAL, class_name, conf_dir, schema_of
from aeexp.config.safety import small_file
from aeexp.config.spec import Experiment, Spec
from aeexp.errors import UserError


def register() -> None:
    """Put every spec into Hydra's store, as schema/<group>/<option>.

    The groups of the experiment's own schema are left open: conf/config.yaml fills them, and
    what the spec would fill them with in Python must not shine through another choice.
    """
    store = ConfigStore.instance()
    if "schema" in store.repo:
        return
    experiment = OmegaConf.structured(Experiment)
    for group, options in OPTIONS.items():
        experiment[group] = {} if group in SEVERAL else MISSING
        for name, node in [*options.items()]:
            if name not in OWN[group] and not _is_known_to_omegaconf(node):
                del options[name]
                continue
            store.store(group=f"schema/{group}", name=name, node=node, provider="aeexp")
            if name not in OWN[group]:  # a file of its package comes before it
                chosen = {"defaults": [schema_of(group, name)]}
                store.store(group=group, name=name, node=chosen, provider=class_name(node))
    store.store(group="schema", name="experiment", node=experiment, provider="aeexp")


def _is_known_to_omegaconf(kind: type[Spec]) -> bool:
    """Return whether OmegaConf has the types of the fields of a package's option; else warn."""
    try:
        OmegaConf.structured(kind)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        warnings.warn(f"The option {class_name(kind)} is left out. {reason}", stacklevel=2)
        return False
    return True


def composed(said: tuple[str, list[str]]) -> DictConfig:
    """Return what words compose to, by the name of the primary configuration."""
    try:
        return compose(*said, return_hydra_config=True)
    except OmegaConfBaseException:
        raise
    except KeyError as error:
        message = (
            f"hydra.job.env_copy: {error} is not set; set it in the shell, and leave this out."
        )
        raise UserError(message) from error


class FileConfigSource(file_config_source.FileConfigSource):
    """Folders of option files, which may be a stranger's; see `small_file`.

    It has the name of Hydra's own class, by which Hydra's registry tells them from each other
    when it finds the plugins again in another process.
    """

    def load_config(self, config_path: str) -> ConfigResult:
        with small_file(Path(self.path, self._normalize_file_name(config_path))):
            return super().load_config(config_path)


def require_small_files() -> None:
    """Let Hydra load no option file that would hang it."""
    Plugins.instance()  # which registers Hydra's own
    SourcesRegistry.instance().types[FileConfigSource.scheme()] = FileConfigSource


@contextmanager
def loading(config_dir: str | None) -> Iterator[ConfigLoader]:
    """Give what loads configurations as Hydra's own command line does; see hydra.main."""
    path = create_config_search_path(str(conf_dir()))
    if config_dir:
        mine = f"file://{Path(config_dir).resolve()}"
        path.prepend("command-line", mine, SearchPathQuery(provider="schema"))
    set_version()
    require_small_files()
    try:
        yield Hydra.create_main_hydra2("aeexp", path).config_loader
    finally:
        GlobalHydra.instance().clear()


def require_folders(loader: ConfigLoader, name: str, overrides: list[Override]) -> None:
    """Refuse to look for options in packages, which are imported for it.

    Hydra takes where to look from the words, or from the primary configuration.
    """
    assert isinstance(loader, ConfigLoaderImpl)
    loaded = loader.repository.load_config(name)
    said = [o.value() for o in overrides if o.key_or_group == "hydra.searchpath"]
    if loaded is not None:
        places = OmegaConf.select(loaded.config, "hydra.searchpath")
        said.append(None if places is None else list(places))
    for place in (place for places in said if isinstance(places, list) for place in places):
        if "://" in str(place) and not str(place).startswith("file://"):
            message = f"hydra.searchpath: {place} may run any code, say file://<a folder>."
            raise UserError(message)
