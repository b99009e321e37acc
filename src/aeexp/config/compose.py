"""Compose command-line overrides to configurations, and configurations to experiments."""

from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from aeexp.config.choices import require_choices
from aeexp.config.combinations import combinations, require_few
from aeexp.config.hydra_private import apply, name_job
from aeexp.config.names import remove_names
from aeexp.config.overrides import completed
from aeexp.config.quoting import quoted
from aeexp.config.safety import validate_safe
from aeexp.config.sources import compose_config, config_loader, require_folders
from aeexp.config.spec import Experiment
from aeexp.config.swept import (
    SHORT,
    chosen_once,
    has_key,
    is_short,
    require_keys,
    require_same_sweep,
    sets_one_value,
    sets_value,
)
from aeexp.errors import UserError


class UnknownKeyError(UserError):
    """A key that the class `kind`, a spec, does not have, added with `+key=value`."""

    def __init__(self, key: str, kind: type) -> None:
        super().__init__(key)
        self.key, self.kind = key, kind


def compositions(arguments: Namespace) -> Iterator[DictConfig]:
    """Yield the configurations of a command line, Hydra's own section included.

    One configuration; with --multirun one for each combination of the values.

    Raises:
        UserError, HydraException: An override is invalid, or a configuration is not safe.
    """
    overrides = completed(arguments)
    name = arguments.config_name or "config"
    with config_loader(arguments.config_dir) as loader:
        parser = OverridesParser.create(config_loader=loader)
        parsed = parser.parse_overrides(overrides)
        require_choices(parsed, loader, sweeps=arguments.multirun)
        require_folders(loader, name, parsed)
        if not arguments.multirun:
            configs = iter([compose_config(name, Composer(loader, name).spelled_out(overrides))])
        else:
            composer = Composer(loader, name)
            sweep = composer.compose(chosen_once(parsed))  # Hydra reads its own part from this
            validate_safe(sweep)
            require_same_sweep(composer, parsed, sweep)
            require_keys(composer, parsed)
            params = sweep.hydra.sweeper.get("params") or {}  # swept by a file
            parsed = parser.parse_overrides([f"{k}={v}" for k, v in params.items()]) + parsed
            require_few(parsed, sweep.sweep.max_jobs)
            configs = map(composer.compose, combinations(parsed))
        for config in configs:
            validate_safe(config)
            yield config


def jobs_of(arguments: Namespace, jobs: Sequence[Sequence[str]]) -> Iterator[DictConfig]:
    """Yield the configurations of jobs of a sweep, as they are composed now.

    arguments: of the sweep. jobs: the overrides of each job.

    Raises:
        UserError, HydraException: An override is no longer valid.
    """
    with config_loader(arguments.config_dir) as loader:
        composer = Composer(loader, arguments.config_name or "config")
        yield from map(composer.compose, jobs)


def for_hydra(arguments: Namespace) -> list[str]:
    """Return the overrides of a sweep, so that Hydra composes its own part of the configuration.

    Hydra does so without the options that are swept. `dataset.samples=300` is then a key of no
    dataset, but `dataset.samples=choice(300)` is left to the jobs, as other lists of values are.

    Raises:
        UserError, HydraException: An override is invalid.
    """
    overrides, name = completed(arguments), arguments.config_name or "config"
    with config_loader(arguments.config_dir) as loader:
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(overrides)
        require_folders(loader, name, parsed)
        sweep = Composer(loader, name).compose(chosen_once(parsed))
        return [
            f"{override.get_key_element()}=choice({line.partition('=')[2]})"
            if sets_one_value(override) and not has_key(sweep, override.key_or_group)
            else line
            for line, override in zip(overrides, parsed, strict=True)
        ]


def spelled_out(arguments: Namespace) -> list[str]:
    """Return the overrides of one job as Hydra itself composes them; see `Composer.spelled_out`.

    Raises:
        UserError, HydraException: An override is invalid.
    """
    overrides, name = list(arguments.overrides), arguments.config_name or "config"
    if not any(map(is_short, overrides)):
        return overrides
    with config_loader(arguments.config_dir) as loader:
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(overrides)
        require_folders(loader, name, parsed)
        return Composer(loader, name).spelled_out(overrides)


class Composer:
    """Composes the jobs of a sweep, as Hydra does, but faster.

    Hydra composes a job in two steps. First it chooses the option of each group, which reads and
    merges files. This takes nearly all the time. Then it sets single values. The jobs of a sweep
    differ in values more than in options, so that the result of the first step is cached by the
    overrides that choose options. Each job takes a copy and sets its values with Hydra's own
    function. The cached configuration does not include the overrides of values in Hydra's record
    of the job (`hydra.overrides.task`, the job's name), which are therefore set afterwards.
    """

    def __init__(self, loader: ConfigLoader, config_name: str) -> None:
        self.loader, self.config_name = loader, config_name
        self._cache: dict[tuple[str, ...], DictConfig] = {}

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Return the configuration of a job, Hydra's own section included.

        Raises:
            UserError, HydraException: An override is invalid.
        """
        parser = OverridesParser.create(config_loader=self.loader)
        parsed = parser.parse_overrides(list(overrides))
        values = [override for override in parsed if sets_value(override)]
        options = tuple(str(o.input_line) for o in parsed if o not in values)
        if options not in self._cache:
            self._cache[options] = self.loader.load_configuration(
                self.config_name, list(options), RunMode.RUN, from_shell=False
            )
        config = deepcopy(self._cache[options])
        apply([*_of_each_option(values, config)], config)
        task = [override for override in parsed if not override.is_hydra_override()]
        config.hydra.overrides.task = [override.input_line for override in task]
        name_job(config, task)
        return config

    def spelled_out(self, overrides: Sequence[str]) -> list[str]:
        """Return the overrides of a job with `clustering.space=…` for each chosen clustering.

        Such a parameter of all options of a group is a key of aeexp's alone. `compose` applies it,
        but Hydra's own function does not know it.

        Raises:
            UserError, HydraException: An override is invalid.
        """
        parser = OverridesParser.create(config_loader=self.loader)
        parsed = parser.parse_overrides(list(overrides))
        others = [str(o.input_line) for o in parsed if o.key_or_group not in SHORT]
        if len(others) == len(parsed):
            return list(overrides)
        config = self.compose(others)
        return [str(override.input_line) for override in _of_each_option(parsed, config)]


def _of_each_option(overrides: Iterable[Override], config: DictConfig) -> Iterator[Override]:
    """Yield overrides, with those in `SHORT` for each chosen option of their group."""
    for override in overrides:
        key = override.key_or_group
        if key not in SHORT:
            yield override
            continue
        group, _, name = key.partition(".")
        for option in config[group]:
            longer = f"{group}.{option}.{name}"
            line = str(override.input_line).replace(key, longer, 1)
            yield replace(override, key_or_group=longer, input_line=line)


def to_experiment(config: DictConfig) -> Experiment:
    """Return the experiment of a composed configuration, without Hydra's own section.

    Raises:
        UserError: A value is out of bounds, or a key belongs to no spec.
    """
    config = config.copy()
    OmegaConf.set_struct(config, value=False)
    config.pop("hydra", None)
    remove_names(config)
    for prefix, node in _specs(config, ""):
        try:
            OmegaConf.to_object(node)
        except UserError as error:
            raise error.about(prefix + error.name) from None
    experiment = OmegaConf.to_object(config)
    if not isinstance(experiment, Experiment):
        raise UserError(
            "The file of --config-name does not configure an experiment: begin it with defaults:"
            " [config, _self_]."
        )
    _require_known_keys(experiment, "")
    return experiment


def _specs(node: DictConfig, prefix: str) -> Iterator[tuple[str, DictConfig]]:
    """Yield the specs within a configuration with the prefix of their keys, innermost first.

    prefix: of the keys of `node`, such as "model.".
    """
    for name in map(str, node):
        child = node._get_node(name)  # noqa: SLF001  (does not raise if the value is missing)
        if isinstance(child, DictConfig) and not child._is_missing():  # noqa: SLF001
            yield from _specs(child, f"{prefix}{name}.")
    if is_dataclass(OmegaConf.get_type(node)):
        yield prefix, node


def _require_known_keys(spec: Any, prefix: str) -> None:
    """Reject attributes that no field declares: OmegaConf sets keys added with `+` as such."""
    if isinstance(spec, Mapping):
        for name, part in spec.items():
            _require_known_keys(part, f"{prefix}{name}.")
    elif is_dataclass(spec):
        names = {f.name for f in fields(spec)}
        for name, part in vars(spec).items():
            if name not in names:
                raise UnknownKeyError(prefix + name, type(spec))
            _require_known_keys(part, f"{prefix}{name}.")


def job_arguments(config: DictConfig) -> list[str]:
    """Return the command-line arguments that run one job of a sweep, in its directory.

    config: the composed configuration of the job, Hydra's own section included.
    """
    hydra = config.hydra
    # these configure the sweep, not one of its jobs
    sweep = ("hydra.sweep.", "hydra.sweeper.", "hydra.launcher.", "hydra.run.", "hydra.mode")
    sources = [s.path for s in hydra.runtime.config_sources if s.provider == "command-line"]
    return [
        *hydra.overrides.task,
        *(o for o in hydra.overrides.hydra if not o.startswith((*sweep, "hydra/"))),
        f"hydra.run.dir={quoted(hydra.runtime.output_dir)}",
        *(argument for path in sources for argument in ("--config-dir", path)),
        *("--config-name", hydra.job.config_name),
    ]
