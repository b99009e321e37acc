"""Resume a sweep whose directory somebody else may have made.

Its ledger records the command that started it. That command may choose the experiment and how many
jobs run at once. Any other setting of Hydra can name files, machines or shell commands, so it is
accepted only if the user repeats it: `aeexp resume DIR 'hydra.launcher.setup=[…]'`.
"""

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from aeexp.config.compose import to_experiment
from aeexp.config.hydra_private import BASIC_LAUNCHER, BASIC_SWEEPER
from aeexp.config.safety import nodes
from aeexp.config.spec import Spec
from aeexp.errors import UserError
from aeexp.pipeline.experiment import load_experiment
from aeexp.runs import Ledger, Run, Status, config_hash
from aeexp.text import printable, short

Key = tuple[str, ...]

LAUNCHER, SWEEPER = ("hydra", "launcher"), ("hydra", "sweeper")
SETTINGS: tuple[Key, ...] = (
    ("hydra", "job", "config_name"),
    ("hydra", "job", "id"),
    ("hydra", "job", "num"),
    ("hydra", "job", "override_dirname"),
    ("hydra", "mode"),
    ("hydra", "overrides"),
    ("hydra", "run", "dir"),
    ("hydra", "runtime"),
    ("hydra", "searchpath"),
    ("hydra", "sweep", "dir"),
    ("hydra", "sweep", "subdir"),
    *((*LAUNCHER, name) for name in ("chunks", "workers")),
    *(
        (*SWEEPER, name)
        for name in ("batch", "direction", "max_batch_size", "n_trials", "params", "sampler")
    ),
    (*SWEEPER, "seed"),
)
"""Settings of Hydra that the ledger may change: paths within the sweep, sizes, and records."""
TARGETS: Mapping[Key, set[str]] = {
    LAUNCHER: {
        BASIC_LAUNCHER,
        "hydra_plugins.aeexp_launcher.launchers.PopulationLauncher",
        "hydra_plugins.aeexp_launcher.launchers.ProcessLauncher",
    },
    SWEEPER: {
        BASIC_SWEEPER,
        "hydra_plugins.aeexp_launcher.grid.GridSweeper",
        "hydra_plugins.aeexp_optuna.sweeper.OptunaSweeper",
    },
}
"""Launchers and sweepers that the ledger may choose: they use this machine only."""
END_TIMEOUT = 30.0  # seconds to wait for the runs of a killed sweep, which end with their parent
MAX_COMMAND = 200  # characters of a command in an error


def merge_arguments(arguments: Sequence[str], repeated: Sequence[str]) -> list[str]:
    """Return the arguments of a sweep without any that the user repeats with a new value.

    Raises:
        UserError: A repeated argument is not a setting of Hydra: it would be another sweep.
    """
    for override in repeated:
        if not _key(override).startswith("hydra") or "=" not in override:
            raise UserError(
                f"aeexp resume: {override} cannot be changed in a sweep that has started; only"
                " settings such as hydra.launcher.workers=2 can be repeated."
            )
    replaced = {_key(override) for override in repeated}
    return [arg for arg in arguments if "=" not in arg or _key(arg) not in replaced]


def require_own_settings(
    config: DictConfig, trusted: DictConfig, arguments: Sequence[str], folder: Path
) -> None:
    """Refuse a job of a resumed sweep with settings of Hydra that the user did not repeat.

    config: composed from the sweep's arguments, Hydra's part included. trusted: composed from the
    repeated arguments alone. folder: the sweep's directory.

    Raises:
        UserError: A setting differs from `trusted` and is not one of `SETTINGS`.
    """
    settings, users = (dict(_leaves(part)) for part in (config, trusted))
    for key in settings | users:
        value = settings.get(key)
        if value != users.get(key) and not _may_differ(key, value):
            refused = [arg for arg in arguments if "=" in arg and _must_be_repeated(arg)]
            command = shlex.join(["aeexp", "resume", str(folder), *refused])
            raise UserError(
                f"{'.'.join(key)} is set by {folder}, and may run programs or write files"
                " elsewhere: if you trust the author of this sweep, repeat the setting:"
                f" {short(printable(command), MAX_COMMAND)}"
            )


def require_unchanged(folder: Path, number: int, run: Run, config: DictConfig) -> None:
    """Refuse to add runs to a finished one that would now be another experiment.

    folder: of the sweep. number, run: of a finished job. config: as the job is composed now.

    Raises:
        UserError: A configuration file or a default has changed since the run.
    """
    now = to_experiment(config)
    if not run.folder.is_dir() or run.record.get("config_hash") == config_hash(now):
        return
    before = load_experiment(run)  # of an earlier version, without parameters that are new
    values, changed = (dict(_parameters(part)) for part in (before, now))
    different = [key for key in values | changed if values.get(key) != changed.get(key)]
    if different := [key for key in different if not key.startswith("sweep.")]:
        key = different[0]
        raise UserError(
            f"{folder}: job {number} ran with {key}={values.get(key)}, which would now be"
            f" {changed.get(key)}, because a configuration file or a default has changed: restore"
            " it, or start another sweep."
        )


def _parameters(spec: Spec, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the parameters of a spec and of its parts, by their keys."""
    for f in fields(spec):
        value = getattr(spec, f.name)
        parts = value if isinstance(value, dict) else {"": value}
        for name, part in parts.items():
            key = f"{prefix}{f.name}{name and '.'}{name}"
            if isinstance(part, Spec):
                yield key, type(part).__name__.lower()
                yield from _parameters(part, f"{key}.")
            else:
                yield key, str(getattr(part, "value", part))


def require_ended(folder: Path) -> None:
    """Wait for runs of a sweep that still go on: those of a killed sweep end after a moment.

    Raises:
        UserError: A run still goes on after 30 seconds.
    """
    until = time.monotonic() + END_TIMEOUT
    jobs = [job for job in Ledger(folder).jobs().values() if job.directory and job.status is None]
    for job in jobs:
        run = Run(folder / str(job.directory))
        while run.status is Status.RUNNING:
            if time.monotonic() > until:
                host, pid = (printable(str(run.record.get(key))) for key in ("host", "pid"))
                raise UserError(
                    f"{run.folder} is being written by process {pid} on {host}: wait until it"
                    " ends, or stop it; if that machine is gone, rename the directory."
                )
            time.sleep(0.1)


def _may_differ(key: Key, value: Any) -> bool:
    if key[-1] == "_target_":
        return str(value) in TARGETS.get(key[:-1], ())
    return any(key[: len(setting)] == setting for setting in SETTINGS)


def _must_be_repeated(override: str) -> bool:
    key = _key(override)
    if not key.startswith("hydra"):
        return False
    if "/" not in key:
        return not _may_differ(tuple(key.split(".")), None)
    options = {"aeexp_optuna", "basic", "grid", "population", "process"}
    safe = key in {"hydra/launcher", "hydra/sweeper"} and override.partition("=")[2] in options
    return not safe


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _leaves(config: DictConfig) -> Iterator[tuple[Key, Any]]:
    """Yield the keys and values of Hydra's settings, without resolving interpolations."""
    for key, node in nodes(config.hydra, ("hydra",)):
        value = node._value()  # noqa: SLF001  (the only access without resolving)
        if not isinstance(value, dict | list):
            yield key, value
