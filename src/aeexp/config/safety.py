"""Reject configurations that could run code, write elsewhere or read environment variables.

Hydra calls any function that a `_target_` names, Python's logging creates any handler, both write
files anywhere, and OmegaConf's resolvers read the environment. A configuration can come from an
untrusted source. Therefore only the listed targets, classes and resolvers are allowed. The check
compares names: it imports and calls nothing.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path as File
from typing import Any, NoReturn

import yaml
from omegaconf import DictConfig, ListConfig
from omegaconf.errors import GrammarParseError
from omegaconf.grammar_parser import parse

from aeexp.config.hydra_private import BASIC_LAUNCHER, BASIC_SWEEPER
from aeexp.errors import UserError

Path = tuple[str, ...]
"""The keys from the root of a configuration to a node."""

MAX_BYTES, MAX_NODES = 2**20, 100_000
"""Limits on a configuration file: its size, and its values after aliases are expanded."""
PLUGINS = "hydra_plugins"
TARGETS: dict[Path, set[str]] = {
    ("hydra", "launcher"): {
        BASIC_LAUNCHER,
        f"{PLUGINS}.aeexp_launcher.launchers.PopulationLauncher",
        f"{PLUGINS}.aeexp_launcher.launchers.ProcessLauncher",
        f"{PLUGINS}.aeexp_launcher.launchers.RayLauncher",
        f"{PLUGINS}.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
        f"{PLUGINS}.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
        f"{PLUGINS}.hydra_submitit_launcher.submitit_launcher.SlurmLauncher",
    },
    ("hydra", "sweeper"): {
        BASIC_SWEEPER,
        f"{PLUGINS}.aeexp_launcher.grid.GridSweeper",
        f"{PLUGINS}.aeexp_optuna.sweeper.OptunaSweeper",
    },
    ("hydra", "callbacks"): {
        "hydra.experimental.callbacks.LogJobReturnCallback",
        "hydra.experimental.callbacks.PickleJobInfoCallback",
    },
}
"""Allowed values of `_target_`, by their place."""
RESOLVERS = {"now", "hydra", "hydra_override_dirname", "python_version"}
"""Allowed resolvers. OmegaConf's own (`oc.*`) read the environment and create nodes."""
STREAMS = {"logging.StreamHandler", "logging.NullHandler", "logging.Formatter"}
FILES = {
    "logging.FileHandler",
    "logging.handlers.RotatingFileHandler",
    "logging.handlers.TimedRotatingFileHandler",
    "logging.handlers.WatchedFileHandler",
}
CLASSES: dict[Path, set[str]] = {
    ("hydra", "job_logging"): STREAMS | FILES,
    ("hydra", "hydra_logging"): STREAMS,
}
"""Allowed classes of logging. Only jobs write log files: the directory of a job is known."""
OBJECTS = {"ext://sys.stdout", "ext://sys.stderr"}
LOG_FILE = re.compile(r"\$\{hydra\.runtime\.output_dir\}/(\$\{hydra\.job\.name\}|[\w .-])+")
"""A file in the job's directory. A log elsewhere could replace a settings file of a program."""
PLAIN_NAME = re.compile(r"(?!\.+$)[\w .-]+")
CODE = "may run any code, but a configuration is data"


@contextmanager
def small_file(path: File) -> Iterator[None]:
    """Check the size of a YAML file before the body of the `with` statement loads it.

    The size includes the expansion of aliases: a file of 300 bytes with aliases of aliases can
    stand for a billion values ("billion laughs").

    Raises:
        UserError: The file is too large, or not YAML.
    """
    try:
        _require_small(path)
        yield
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not plain YAML: {' '.join(str(error).split())}.") from error


def _require_small(path: File) -> None:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    try:
        count = _count(yaml.compose(content[:MAX_BYTES], Loader=yaml.SafeLoader), {})
    except RecursionError:
        count = MAX_NODES + 1
    if count > MAX_NODES or len(content) > MAX_BYTES:
        raise UserError(
            f"{path} is larger than a configuration may be: {MAX_BYTES:,} bytes or"
            f" {MAX_NODES:,} values with aliases expanded."
        )


def _count(node: yaml.Node | None, counts: dict[int, int]) -> int:
    """Return the number of nodes of a document after aliases are expanded.

    counts: the results by `id`, because aliases are the same object in many places.
    """
    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in counts:
        counts[id(node)] = MAX_NODES + 1  # the result of a node that contains itself
        is_mapping = isinstance(node, yaml.MappingNode)
        children = chain.from_iterable(node.value) if is_mapping else node.value
        counts[id(node)] = 1 + sum(_count(child, counts) for child in children)
    return counts[id(node)]


def validate_safe(config: DictConfig) -> None:
    """Reject a composed configuration, Hydra's own section included, that is more than data.

    Values are checked as they are written: to resolve an interpolation could run code.

    Raises:
        UserError: A value is not allowed; the message has its key.
    """
    for path, node in sorted(nodes(config), key=_repeats_overrides):
        value = node._value()  # noqa: SLF001  (not resolved)
        if path[-1:] == ("_target_",):
            depth = 4 if path[:2] == ("hydra", "callbacks") else 3
            allowed = TARGETS.get(path[:2], set()) if len(path) == depth else set()
            if str(value) not in allowed:
                _reject(path, CODE, _only(allowed) if allowed else "remove it")
        if path[:1] == ("hydra",):
            _validate_hydra(path, value)
        if isinstance(value, str) and "${" in value and (calls := _resolvers(value) - RESOLVERS):
            _reject(path, f"calls {min(calls)}", _only(RESOLVERS))


def _validate_hydra(path: Path, value: Any) -> None:
    """Reject unsafe values in Hydra's own section."""
    text = value if isinstance(value, str) else ""
    match path[1:]:
        case ("job", "env_set" | "env_copy", *keys) if keys or isinstance(value, str):
            _reject(path, "sets the environment", "set it in the shell instead")
        case ("job_logging" | "hydra_logging", *_):
            _validate_logging(path, value)
        case ("output_subdir",) | ("job", "name") if value is not None:
            if not PLAIN_NAME.fullmatch(str(value)):
                _reject(path, "is no plain name", "use letters, digits, dots and dashes")
        case ("sweeper", "params", *keys) if "$" in text or (
            keys and keys[-1].lstrip("+~").startswith("hydra")
        ):
            reason = "sweeps over interpolations or keys of Hydra"
            _reject(path, reason, "sweep parameters over plain values")


def _repeats_overrides(node: tuple[Path, Any]) -> bool:
    """Return whether a node only repeats the overrides.

    These nodes are checked last, so that an error names the key that an override has set.
    """
    return node[0][:2] == ("hydra", "overrides") or node[0][-1:] == ("override_dirname",)


def nodes(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every node of a configuration with its keys; interpolations are leaves."""
    yield path, node
    value = node._value() if isinstance(node, DictConfig | ListConfig) else None  # noqa: SLF001
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, child in value.items() if isinstance(value, dict) else ():
        yield from nodes(child, (*path, str(key)))


def _validate_logging(path: Path, value: Any) -> None:
    """Reject what `logging.config.dictConfig` would import, call or write outside the run."""
    allowed = CLASSES[path[:2]]
    match path[-1], value:
        case ("()" | ".", _):
            _reject(path, CODE, "remove it")
        case "class", _ if str(value) not in allowed:
            _reject(path, CODE, _only(allowed))
        case "filename", str() if not LOG_FILE.fullmatch(value):
            remedy = "use ${hydra.runtime.output_dir}/<name>"
            _reject(path, "is no file in the run's directory", remedy)
        case "filename", str():
            pass
        case _, str() if "${" in value:
            _reject(path, "is an interpolation", "write the value")
        case _, str() if re.search("(ext|cfg)://", value) and value not in OBJECTS:
            _reject(path, "may be any object", _only(OBJECTS))


@cache
def _resolvers(value: str) -> frozenset[str]:
    """Return the resolvers that the interpolations in a text call, by OmegaConf's grammar."""
    try:
        return frozenset(_calls(parse(value)))
    except GrammarParseError:
        return frozenset({"an unreadable interpolation"})


def _calls(node: Any) -> Iterator[str]:
    if type(node).__name__ == "InterpolationResolverContext":
        yield node.resolverName().getText()
    for child in node.getChildren() if hasattr(node, "getChildren") else ():
        yield from _calls(child)


def _only(allowed: Collection[str]) -> str:
    return f"use only {', '.join(sorted(allowed))}"


def _reject(path: Path, reason: str, remedy: str) -> NoReturn:
    raise UserError(f"{'.'.join(path)} {reason}: {remedy}.")
