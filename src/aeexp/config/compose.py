"""From words to experiments: what Hydra composes, and one line for what cannot be composed."""

from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass
from itertools import islice, product
from math import prod
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from aeexp.config.hydra_private import apply, name_job
from aeexp.config.options import OPTIONS
from aeexp.config.safety import validate_safe
from aeexp.config.sources import composed, loading, require_folders
from aeexp.config.spec import Experiment
from aeexp.errors import UserError


class UnknownKeyError(UserError):
    """A key that no spec has, forced in with `+`. kind: the spec's class."""

    def __init__(self, key: str, kind: type) -> None:
        super().__init__(key)
        self.key, self.kind = key, kind


def compositions(arguments: Namespace) -> Iterator[DictConfig]:
    """Yield what a command line composes to, Hydra's own part included.

    One configuration; with --multirun one for each combination of the values swept over.

    Raises:
        UserError, HydraException: The words cannot be composed, or are more than data.
    """
    words = list(arguments.overrides)
    name = arguments.config_name or "config"
    with loading(arguments.config_dir) as loader:
        overrides = OverridesParser.create(config_loader=loader).parse_overrides(words)
        _refuse_groups_without_words(overrides)
        require_folders(loader, name, overrides)
        jobs = map(composed, [(name, words)])
        if arguments.multirun:
            composer = Composer(loader, name)
            first = composer.compose([_first(override) for override in overrides])
            validate_safe(first)
            said = OverridesParser.create(config_loader=loader).parse_overrides(_params(first))
            overrides = [*said, *overrides]
            _require_few(overrides, first.sweep.max_jobs)
            jobs = map(composer.compose, _combinations(overrides))
        for config in jobs:
            validate_safe(config)
            yield config


class Composer:
    """Composes jobs as Hydra does, but what jobs have in common only once.

    What costs time is to choose the options, not to set values within them.
    """

    def __init__(self, loader: ConfigLoader, config_name: str) -> None:
        self.loader, self.config_name = loader, config_name
        self.chosen: dict[tuple[str, ...], DictConfig] = {}

    def compose(self, words: Sequence[str]) -> DictConfig:
        """Return what words compose to, Hydra's own part included.

        Raises:
            UserError, HydraException: The words cannot be composed.
        """
        overrides = OverridesParser.create(config_loader=self.loader).parse_overrides(list(words))
        values = [override for override in overrides if _sets_a_value(override)]
        options = tuple(str(o.input_line) for o in overrides if o not in values)
        config = deepcopy(self._with(options))
        apply(values, config)
        task = [override for override in overrides if not override.is_hydra_override()]
        config.hydra.overrides.task = [override.input_line for override in task]
        name_job(config, task)
        return config

    def _with(self, options: tuple[str, ...]) -> DictConfig:
        if options not in self.chosen:
            self.chosen[options] = self.loader.load_configuration(
                self.config_name, list(options), RunMode.RUN, from_shell=False
            )
        return self.chosen[options]


def _sets_a_value(override: Override) -> bool:
    """Return whether a word sets a parameter; a group's name has no dot and is none of these."""
    key, scalars = override.key_or_group, {f.name for f in fields(Experiment)} - set(OPTIONS)
    return not override.is_hydra_override() and ("." in key or key in scalars)


def _combinations(overrides: list[Override]) -> Iterator[tuple[str, ...]]:
    """Yield the words of every job; of a search, those at the ends of its intervals."""
    choices = {}
    for override in overrides:
        key = override.get_key_element()
        choices[key] = [f"{key}={value}" for value in _values(override)]
    yield from product(*choices.values())


def _params(config: DictConfig) -> list[str]:
    """Return the words of what a configuration, not the command line, sweeps over."""
    return [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]


def _require_few(overrides: Sequence[Override], most: int) -> None:
    """Refuse a sweep of more jobs than are likely to be meant, before any of them is made."""
    counts = {o.get_key_element(): _count(o, most) for o in overrides if o.is_sweep_override()}
    if prod(counts.values()) > most:
        widest = max(counts, key=lambda key: counts[key])
        message = (
            f"This sweep has more than sweep.max_jobs={most} jobs, most of them by {widest}: give"
            " fewer values, or raise sweep.max_jobs."
        )
        raise UserError(message)


def _count(override: Override, most: int) -> int:
    """Return how many values an override has, or one more than `most` if there are more."""
    return sum(1 for _ in islice(_unshuffled(override), most + 1))


def _first(override: Override) -> str:
    """Return the word of a job for the first value of an override."""
    for value in _unshuffled(override):
        return f"{override.get_key_element()}={value}"
    message = f"{override.input_line} has no values to sweep over."
    raise UserError(message)


def _unshuffled(override: Override) -> Iterable[Any]:
    """Return the values of an override without making them all, as shuffling a range would."""
    sweep = override.value()
    return sweep.range() if isinstance(sweep, RangeSweep) else _values(override)


def _values(override: Override) -> Iterator[str]:
    interval = override.value()
    if isinstance(interval, IntervalSweep):
        yield from (str(interval.start), str(interval.end))
    elif override.is_sweep_override():
        yield from override.sweep_string_iterator()
    else:
        yield override.get_value_element_as_str()


def _refuse_groups_without_words(overrides: list[Override]) -> None:
    for override in overrides:
        options = OPTIONS.get(override.key_or_group)
        wordless = override.value() is None or isinstance(override.value(), int | float | dict)
        if options and wordless and not override.is_delete():
            message = f"{override.input_line}: choose {', '.join(options)}."
            raise UserError(message)


def to_experiment(config: DictConfig) -> Experiment:
    """Return the experiment that a composed configuration is, Hydra's own part left out.

    Raises:
        UserError: A value is out of bounds, or a key belongs to no spec.
    """
    words = config.copy()
    OmegaConf.set_struct(words, value=False)
    words.pop("hydra", None)
    for key, node in _nodes(words, ""):
        try:
            OmegaConf.to_object(node)
        except UserError as error:
            raise error.about(key + error.name) from None
    experiment = OmegaConf.to_object(words)
    if not isinstance(experiment, Experiment):
        message = (
            "This configuration is no experiment: let the file that --config-name names begin with"
            " defaults: [config, _self_]."
        )
        raise UserError(message)
    _refuse_unknown_keys(experiment, "")
    return experiment


SWEEPS = ("hydra.sweep.", "hydra.sweeper.", "hydra.launcher.", "hydra.run.", "hydra.mode")
"""What Hydra's words start with that say a sweep, not one of its jobs."""


def job_arguments(config: DictConfig) -> list[str]:
    """Return the words of a command line that runs one job of a sweep, into its directory.

    config: composed, Hydra's own part included.
    """
    hydra = config.hydra
    own = [word for word in hydra.overrides.hydra if not word.startswith((*SWEEPS, "hydra/"))]
    sources = [s.path for s in hydra.runtime.config_sources if s.provider == "command-line"]
    flags = [flag for path in sources for flag in ("--config-dir", path)]
    flags += ["--config-name", hydra.job.config_name]
    return [
        *hydra.overrides.task,
        *own,
        f"hydra.run.dir={quoted(hydra.runtime.output_dir)}",
        *flags,
    ]


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
