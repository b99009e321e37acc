"""Options that a sweep varies: what their files and keys must have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Protocol

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from aeexp.config.combinations import distinct
from aeexp.config.options import OPTIONS, SHARED
from aeexp.config.spec import Experiment
from aeexp.errors import UserError
from aeexp.text import listed

SHORT = {f"{group}.{name}" for group, names in SHARED.items() for name in names}
"""Keys of overrides that set a parameter in each chosen option of a group."""


class Composes(Protocol):
    """A function from the overrides of a job to its configuration."""

    def compose(self, overrides: Sequence[str]) -> DictConfig: ...


def is_short(override: str) -> bool:
    """Return whether an override sets a parameter in each chosen option of a group."""
    return override.partition("=")[0].lstrip("+~") in SHORT


def sets_value(override: Override) -> bool:
    """Return whether an override sets a value; else it chooses an option or configures Hydra."""
    key, values = override.key_or_group, {f.name for f in fields(Experiment)} - set(OPTIONS)
    return not override.is_hydra_override() and ("." in key or key in values)


def sets_one_value(override: Override) -> bool:
    """Return whether an override gives one value to a key that must exist."""
    changes = not (override.is_add() or override.is_force_add() or override.is_delete())
    is_value = sets_value(override) and override.key_or_group not in SHORT
    return is_value and changes and not override.is_sweep_override()


def chosen_once(overrides: Sequence[Override]) -> list[str]:
    """Return the overrides that choose the same option in all jobs, or configure Hydra."""
    return [
        str(override.input_line)
        for override in overrides
        if not override.is_sweep_override()
        and (not sets_value(override) or override.key_or_group.startswith("sweep."))
    ]


def has_key(config: DictConfig, key: str) -> bool:
    """Return whether a configuration has a key such as "model.hidden"."""
    *groups, name = key.split(".")
    node = OmegaConf.select(config, ".".join(groups)) if groups else config
    return isinstance(node, DictConfig) and name in node


def require_keys(composer: Composes, overrides: Sequence[Override]) -> None:
    """Reject a key that only some of the swept options have, by naming the others.

    Raises:
        UserError: There is such a key.
    """
    common = chosen_once(overrides)
    for swept in filter(_sweeps_options, overrides):
        group = swept.key_or_group
        keys = [
            override.key_or_group
            for override in overrides
            if sets_value(override) and not (override.is_add() or override.is_delete())
            if override.key_or_group.startswith(f"{group}.") and override.key_or_group not in SHORT
        ]
        if not keys:
            continue
        configs = {option: composer.compose([*common, line]) for option, line in _lines(swept)}
        for key in keys:
            having = [option for option, config in configs.items() if has_key(config, key)]
            lacking = [option for option in configs if option not in having]
            if having and lacking:
                has, only = "has" if len(lacking) == 1 else "have", listed(having)
                raise UserError(
                    f"{key}: {listed(lacking)} {has} no such key, only {only}: sweep"
                    f" {group}={','.join(having)} by itself."
                )


def require_same_sweep(
    composer: Composes, overrides: Sequence[Override], sweep: DictConfig
) -> None:
    """Reject swept experiments whose files choose how to sweep, which Hydra would ignore.

    sweep: the configuration without any swept option.

    Raises:
        UserError: A file of a swept option has a launcher, a sweeper or an objective.
    """
    common, expected = chosen_once(overrides), _choices(sweep)
    for swept in filter(_sweeps_options, overrides):
        if swept.key_or_group in OPTIONS:  # these set parameters alone
            continue
        for option, line in _lines(swept):
            found = _choices(composer.compose([*common, line]))
            if found != expected:
                key = next(k for k in found | expected if found.get(k) != expected.get(k))
                raise UserError(
                    f"{swept.input_line}: the file of {option} sets {key}, which is common to all"
                    " jobs of a sweep: set it on the command line, or sweep"
                    f" {swept.key_or_group}={option} by itself."
                )


def _sweeps_options(override: Override) -> bool:
    is_option = not (override.is_hydra_override() or sets_value(override))
    return is_option and override.is_sweep_override()


def _lines(swept: Override) -> Iterator[tuple[str, str]]:
    """Yield each option of a swept group, and the override that chooses it."""
    for option in distinct(swept):
        yield option, f"{swept.get_key_element()}={option}"


def _choices(config: DictConfig) -> dict[str, object]:
    """Return how a configuration sweeps: launcher, sweeper and objective, by key."""
    chosen: dict[str, object] = {"sweep.objective": config.sweep.objective}
    for part in ("launcher", "sweeper"):
        settings = OmegaConf.to_container(config.hydra[part], resolve=False)
        assert isinstance(settings, dict)
        chosen |= {f"hydra.{part}.{key!s}": value for key, value in settings.items()}
        chosen[f"hydra/{part}"] = chosen.pop(f"hydra.{part}._target_")
    return dict(reversed(chosen.items()))  # the choice of a launcher before its settings
