"""Resuming a sweep whose directory may have been made by somebody else.

Its ledger says which command began it. That command may choose the experiment and how many jobs
run at once. Any other setting of Hydra can name files, machines or shell commands, so it counts
only if the user who resumes says it again: `aeexp resume DIR 'hydra.launcher.setup=[…]'`.
"""

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from aeexp.config.hydra_private import BASIC_LAUNCHER, BASIC_SWEEPER
from aeexp.config.safety import nodes
from aeexp.errors import UserError
from aeexp.runs import Ledger, Run, Status
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
"""What the ledger may set of Hydra: places within the sweep, sizes, and what Hydra records."""
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
"""The launchers and sweepers that it may choose: those that stay on this machine."""
PATIENCE = 30.0  # seconds to wait for runs of a killed sweep, which end with their parent
LONGEST = 200  # characters of a command in an error


def merge_arguments(words: Sequence[str], again: Sequence[str]) -> list[str]:
    """Return the words of a sweep with those said again, which replace older ones.

    Raises:
        UserError: One that is said again is not a setting of Hydra: it would be another sweep.
    """
    for word in again:
        if not _key(word).startswith("hydra") or "=" not in word:
            message = (
                f"aeexp resume: {word} cannot be changed in a sweep that has begun; only settings"
                " such as hydra.launcher.workers=2 can be said again."
            )
            raise UserError(message)
    replaced = {_key(word) for word in again}
    return [word for word in words if "=" not in word or _key(word) not in replaced]


def require_own_settings(
    config: DictConfig, trusted: DictConfig, words: Sequence[str], folder: Path
) -> None:
    """Refuse a job of a resumed sweep whose settings of Hydra are not the user's own.

    config: what the sweep's words compose to, Hydra's part included. trusted: the same of what
    the user said again alone. words: of the sweep. folder: its directory.

    Raises:
        UserError: A setting differs from `trusted` and is not one of `SETTINGS`.
    """
    theirs, ours = (dict(_leaves(each)) for each in (config, trusted))
    for key in theirs | ours:
        if theirs.get(key) != ours.get(key) and not _may_differ(key, theirs.get(key)):
            path = ".".join(key)
            words = [w for w in words if "=" in w and _key(w).startswith("hydra") and _refused(w)]
            again = shlex.join(["aeexp", "resume", str(folder), *words])
            message = (
                f"{path} is set by {folder}, and may run programs or write files elsewhere: if you"
                f" trust who began this sweep, say it again: {short(printable(again), LONGEST)}"
            )
            raise UserError(message)


def require_ended(folder: Path) -> None:
    """Wait for the runs of a sweep that still go on, as those of a killed one may for a moment.

    Raises:
        UserError: One still does after 30 seconds.
    """
    until = time.monotonic() + PATIENCE
    jobs = [job for job in Ledger(folder).jobs().values() if job.directory and job.status is None]
    for job in jobs:
        run = Run(folder / str(job.directory))
        while run.status is Status.RUNNING:
            if time.monotonic() > until:
                host, pid = (printable(str(run.record.get(key))) for key in ("host", "pid"))
                message = (
                    f"{run.folder} is being written by process {pid} on {host}: wait until it"
                    " ends, or stop it; if it has gone with its machine, rename that directory."
                )
                raise UserError(message)
            time.sleep(0.1)


def _may_differ(key: Key, value: Any) -> bool:
    if key[-1] == "_target_":
        return str(value) in TARGETS.get(key[:-1], ())
    return any(key[: len(setting)] == setting for setting in SETTINGS)


def _refused(word: str) -> bool:
    """Return whether a word must be said again, by its key and, for a choice, its option."""
    key = _key(word)
    if "/" in key:
        return key not in {"hydra/launcher", "hydra/sweeper"} or word.partition("=")[2] not in {
            "aeexp_optuna",
            "basic",
            "grid",
            "population",
            "process",
        }
    return not _may_differ(tuple(key.split(".")), None)


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")


def _leaves(config: DictConfig) -> Iterator[tuple[Key, Any]]:
    """Yield the settings of Hydra in a configuration by their keys, as they are written."""
    for key, node in nodes(config.hydra, ("hydra",)):
        value = node._value()  # noqa: SLF001  (as it is written, not as it resolves)
        if not isinstance(value, dict | list):
            yield key, value
