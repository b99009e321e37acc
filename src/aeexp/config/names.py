"""The names of the chosen options in a configuration: `dataset: {name: wine}`.

They make a configuration readable without the command line that it was composed from. Specs have
no such field, since their class is the choice: a name is added to what is composed or written, and
removed before a configuration becomes an experiment. Groups of several options need none, because
the name of each option is its key.
"""

from collections.abc import Iterator
from dataclasses import fields

from omegaconf import DictConfig, OmegaConf, open_dict

from aeexp.config.options import OPTIONS, SEVERAL
from aeexp.config.spec import Experiment, Spec
from aeexp.errors import UserError

NAME = "name"


def schema(group: str, name: str) -> DictConfig:
    """Return the schema of an option, with its name in a group of which a run has one option."""
    return _named(group, name, OmegaConf.structured(OPTIONS[group][name]))


def with_names(experiment: Experiment) -> DictConfig:
    """Return the configuration of an experiment, as Hydra composes it."""
    config = OmegaConf.structured(experiment)
    for group, options in OPTIONS.items():
        kind = type(getattr(experiment, group))
        for name in (name for name, option in options.items() if option is kind):
            config[group] = _named(group, name, config[group])
    return config


def remove_names(config: DictConfig) -> None:
    """Remove the names of the options from a composed or stored configuration.

    Raises:
        UserError: One was changed, which chooses no other option.
    """
    for group, node in _single(config):
        if NAME not in node:
            continue
        kind = OmegaConf.get_type(node)
        if isinstance(kind, type) and issubclass(kind, Spec):
            if NAME in {f.name for f in fields(kind)}:
                continue
            name = next((n for n, option in OPTIONS[group].items() if option is kind), node[NAME])
            if node[NAME] != name:
                raise UserError(f"{group}.{NAME} cannot be set: choose with {group}={node[NAME]}.")
        with open_dict(node):
            del node[NAME]


def _named(group: str, name: str, node: DictConfig) -> DictConfig:
    if group in SEVERAL or NAME in node:
        return node
    named = OmegaConf.merge({NAME: name}, node)  # first, where a reader looks
    assert isinstance(named, DictConfig)
    return named


def _single(config: DictConfig) -> Iterator[tuple[str, DictConfig]]:
    """Yield the options of groups of which a run has one."""
    for group in OPTIONS:
        node = config._get_node(group) if group in config else None  # noqa: SLF001  (may be missing)
        if group not in SEVERAL and isinstance(node, DictConfig) and not node._is_missing():  # noqa: SLF001
            yield group, node
