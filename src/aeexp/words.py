"""From words to experiments: what Hydra composes, and one line for what cannot be composed."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from aeexp.options import OPTIONS, conf_dir
from aeexp.spec import Experiment


class UnknownKeyError(ValueError):
    """A key that no spec has, forced in with `+`. kind: the spec's class."""

    def __init__(self, key: str, kind: type) -> None:
        super().__init__(key)
        self.key, self.kind = key, kind


def compositions(arguments: Namespace) -> list[DictConfig]:
    """Return what a command line composes to, Hydra's own part included.

    One configuration; with --multirun one for each combination of the values swept over.

    Raises:
        ValueError, HydraException: The words cannot be composed.
    """
    words = list(arguments.overrides)
    if arguments.config_dir:
        folder = f"file://{Path(arguments.config_dir).resolve()}"
        words.append(f"hydra.searchpath=[{quoted(folder)}]")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        overrides = OverridesParser.create(config_loader=loader).parse_overrides(words)
        _refuse_groups_without_words(overrides)
        combinations = _combinations(overrides) if arguments.multirun else [words]
        name = arguments.config_name or "config"
        return [compose(name, each, return_hydra_config=True) for each in combinations]


def _combinations(overrides: list[Override]) -> list[list[str]]:
    (batch,) = BasicSweeper.split_arguments(overrides, max_batch_size=None)
    return batch


def _refuse_groups_without_words(overrides: list[Override]) -> None:
    for override in overrides:
        options = OPTIONS.get(override.key_or_group)
        wordless = override.value() is None or isinstance(override.value(), int | float | dict)
        if options and wordless and not override.is_delete():
            message = f"{override.input_line}: choose {', '.join(options)}."
            raise ValueError(message)


def said(config: DictConfig) -> Experiment:
    """Return the experiment that a composed configuration is, Hydra's own part left out.

    Raises:
        ValueError: A value is out of bounds, or a key belongs to no spec.
    """
    words = config.copy()
    OmegaConf.set_struct(words, value=False)
    words.pop("hydra", None)
    for key, node in _nodes(words, ""):
        try:
            OmegaConf.to_object(node)
        except ValueError as error:
            kind = OmegaConf.get_type(node)
            assert kind is not None
            raise ValueError(str(error).replace(f"{kind.__name__}.", key, 1)) from None
    experiment = OmegaConf.to_object(words)
    assert isinstance(experiment, Experiment)
    _refuse_unknown_keys(experiment, "")
    return experiment


def quoted(text: str) -> str:
    """Return a text as a word of Hydra's override grammar."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _nodes(node: DictConfig, key: str) -> Iterator[tuple[str, DictConfig]]:
    """Yield every spec within a configuration under the start of its keys, parts first."""
    for name in map(str, node):
        child = node._get_node(name)  # noqa: SLF001  (does not raise on what is missing)
        if isinstance(child, DictConfig) and not child._is_missing():  # noqa: SLF001
            yield from _nodes(child, f"{key}{name}.")
    if is_dataclass(OmegaConf.get_type(node)):
        yield key, node


def _refuse_unknown_keys(spec: Any, key: str) -> None:
    if isinstance(spec, Mapping):
        for name, part in spec.items():
            _refuse_unknown_keys(part, f"{key}{name}.")
    elif is_dataclass(spec):
        known = {f.name for f in fields(spec)}
        for name, part in vars(spec).items():
            if name not in known:
                raise UnknownKeyError(key + name, type(spec))
            _refuse_unknown_keys(part, f"{key}{name}.")
