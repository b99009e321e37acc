"""Check the keys and options of overrides before they are composed, and suggest corrections."""

import shlex
from collections.abc import Sequence
from dataclasses import fields

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override

from aeexp.config.keys import keys, keys_like
from aeexp.config.options import OPTIONS, SEVERAL
from aeexp.config.spec import Experiment
from aeexp.errors import UserError
from aeexp.text import listed

MOST = 4  # keys in a question


def require_choices(overrides: Sequence[Override], loader: ConfigLoader, *, sweeps: bool) -> None:
    """Reject overrides with an unknown key, or with several values where one is possible.

    sweeps: whether commas separate the values of a sweep, as with --multirun.

    Raises:
        UserError: The message has the override to write instead.
    """
    for override in overrides:
        _require_key(override, loader)
        if override.is_sweep_override() and not sweeps:
            raise UserError(_both_ways(override))
        if override.key_or_group in OPTIONS and not override.is_delete():
            _require_option(override)


def _require_key(override: Override, loader: ConfigLoader) -> None:
    """Reject a key that is only the end of one, such as `lr` for `optimizer.lr`."""
    key = override.key_or_group
    first = key.partition(".")[0]
    if first in {f.name for f in fields(Experiment)} or override.is_hydra_override():
        return
    if "/" in key or loader.get_group_options(key) or not (meant := keys_like(key)):
        return
    value = str(override.input_line).partition("=")[2]
    question = listed([f"{name}={value}" for name in meant[:MOST]], and_=" or ")
    raise UserError(f"{key}: there is no such key; did you mean {question}?")


def _require_option(override: Override) -> None:
    """Reject a value that is not the name of an option, and a list where one is possible."""
    group, value, line = override.key_or_group, override.value(), str(override.input_line)
    if isinstance(value, list) and group not in SEVERAL:
        raise UserError(f"{line}: {_one_each(group, ','.join(map(str, value)))}")
    if value is None or isinstance(value, int | float | dict):
        raise UserError(f"{line}: choose {', '.join(OPTIONS[group])}.")


def _both_ways(override: Override) -> str:
    """Return how to write several values: for one run, and for one run each."""
    key, _, text = str(override.input_line).partition("=")
    if key in OPTIONS and key not in SEVERAL:
        return f"{key}={text}: {_one_each(key, text)}"
    sweep = f"for one run each, write --multirun {key}={text}."
    if "(" in text or not (key in OPTIONS or keys().get(key)):
        return f"{key}={text}: {sweep}"
    return f"{key}={text}: for all in one run, write {shlex.quote(f'{key}=[{text}]')}; {sweep}"


def _one_each(group: str, names: str) -> str:
    return (
        f"a run has one {group}. Choose one, or train one run each with"
        f" --multirun {group}={names}."
    )
