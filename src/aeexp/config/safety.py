"""A configuration is data: what would run code, or tell of the environment, is refused.

Hydra calls whatever a `_target_` names, Python's logging whatever a handler does, and both write
files where they are told to. A configuration may be a stranger's, so they get to see only what
is listed here. Nothing is imported or called to find that out.
"""

import re
from collections.abc import Iterator
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

MOST_BYTES, MOST_NODES = 2**20, 100_000
"""Of a configuration file: what it may take, and the values that it may stand for."""
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
"""What Hydra may call, by the place where it is named."""
RESOLVERS = {"now", "hydra", "hydra_override_dirname", "python_version"}
"""What interpolations may call. OmegaConf's own read the environment and make up new nodes."""
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
"""What logging may make; files only of a job, whose directory is known."""
OBJECTS = {"ext://sys.stdout", "ext://sys.stderr"}
FILE = re.compile(r"\$\{hydra\.runtime\.output_dir\}/(\$\{hydra\.job\.name\}|[\w .-])+")
"""A file in a job's directory: a log that lies elsewhere could be a program's settings."""
NAME = re.compile(r"(?!\.+$)[\w .-]+")
CODE = "may run any code, but a configuration is data"
ENVIRONMENT = {("hydra", "job", "env_set"), ("hydra", "job", "env_copy")}


@contextmanager
def small_file(path: File) -> Iterator[None]:
    """Surround the loading of a YAML file, which is refused before that if it is large.

    It counts as large, too, if it would be once what it repeats by aliases is copied: three
    hundred bytes of aliases to aliases stand for a billion values ("billion laughs").

    Raises:
        UserError: It is, or cannot be loaded; the message has the file.
    """
    try:
        _require_small(path)
        yield
    except yaml.YAMLError as error:
        message = f"{path} is not plain YAML: {' '.join(str(error).split())}."
        raise UserError(message) from error


def _require_small(path: File) -> None:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    try:
        nodes = _size(yaml.compose(content[:MOST_BYTES], Loader=yaml.SafeLoader), {})
    except RecursionError:
        nodes = MOST_NODES + 1
    if nodes > MOST_NODES or len(content) > MOST_BYTES:
        message = (
            f"{path} is larger than a configuration may be, {MOST_BYTES:,} bytes or"
            f" {MOST_NODES:,} values, aliases counted as what they repeat: write less."
        )
        raise UserError(message)


def _size(node: yaml.Node | None, known: dict[int, int]) -> int:
    """Return how many nodes one stands for, each alias counted as what it repeats."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = MOST_NODES + 1  # of one that holds itself
        pairs = isinstance(node, yaml.MappingNode)
        parts = chain.from_iterable(node.value) if pairs else node.value
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def validate_safe(config: DictConfig) -> None:
    """Refuse a composed configuration, Hydra's own part included, that is more than data.

    Raises:
        UserError: It is; the message has the key.
    """
    for path, node in sorted(nodes(config), key=_is_a_word):
        value = node._value()  # noqa: SLF001  (as it is written, not as it resolves)
        if path[-1:] == ("_target_",):
            _refuse_target(path, value)
        if path[:3] in ENVIRONMENT and (len(path) > 3 or isinstance(value, str)):
            _refuse(path, "sets the environment", "set it in the shell instead")
        if path[:2] in CLASSES:
            _refuse_logging(path, value)
        if path in {("hydra", "output_subdir"), ("hydra", "job", "name")}:
            _refuse_path(path, value)
        if path[:3] == ("hydra", "sweeper", "params"):
            _refuse_swept(path, value)
        if isinstance(value, str) and "${" in value:
            _refuse_resolvers(path, value)


def _is_a_word(node: tuple[Path, Any]) -> bool:
    """Tell what repeats the words that were said from what came of them, which has the key."""
    return node[0][:2] == ("hydra", "overrides") or node[0][-1:] == ("override_dirname",)


def nodes(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every node of a configuration with its keys; what stands for others is a leaf."""
    yield path, node
    value = node._value() if isinstance(node, DictConfig | ListConfig) else None  # noqa: SLF001
    children = value if isinstance(value, dict) else dict(enumerate(_listed(value)))
    for key, child in children.items():
        yield from nodes(child, (*path, str(key)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _refuse_target(path: Path, value: Any) -> None:
    depth = 4 if path[:2] == ("hydra", "callbacks") else 3
    known = TARGETS.get(path[:2], set()) if len(path) == depth else set()
    if str(value) not in known:
        _refuse(path, CODE, _only(known) if known else "leave it out")


def _refuse_logging(path: Path, value: Any) -> None:
    known = CLASSES[path[:2]]
    match path[-1], value:
        case ("()" | ".", _):
            _refuse(path, CODE, "leave it out")
        case "class", _ if str(value) not in known:
            _refuse(path, CODE, _only(known))
        case "filename", str() if not FILE.fullmatch(value):
            _refuse(
                path,
                "is no file in the run's directory",
                "say ${hydra.runtime.output_dir}/<a name>",
            )
        case "filename", str():
            pass
        case _, str() if "${" in value:
            _refuse(path, "stands for something else", "say it in full")
        case _, str() if re.search("(ext|cfg)://", value) and value not in OBJECTS:
            _refuse(path, "may be any object", _only(OBJECTS))


def _refuse_path(path: Path, value: Any) -> None:
    if value is not None and not NAME.fullmatch(str(value)):
        _refuse(path, "is no plain name", "use letters, digits, dots and dashes")


def _refuse_swept(path: Path, value: Any) -> None:
    if path[-1].lstrip("+~").startswith("hydra") or (isinstance(value, str) and "$" in value):
        _refuse(path, "is not an experiment's own", "sweep over its parameters")


def _refuse_resolvers(path: Path, value: str) -> None:
    if unknown := sorted(_resolvers(value) - RESOLVERS):
        _refuse(path, f"calls {unknown[0]}", _only(RESOLVERS))


@cache
def _resolvers(value: str) -> frozenset[str]:
    """Return what the interpolations in a text call, by OmegaConf's own grammar."""
    try:
        return frozenset(_called(parse(value)))
    except GrammarParseError:
        return frozenset({"what cannot be read"})


def _called(node: Any) -> Iterator[str]:
    if type(node).__name__ == "InterpolationResolverContext":
        yield node.resolverName().getText()
    for child in node.getChildren() if hasattr(node, "getChildren") else ():
        yield from _called(child)


def _only(known: set[str]) -> str:
    return f"only {', '.join(sorted(known))} may stand there"


def _refuse(path: Path, why: str, instead: str) -> NoReturn:
    message = f"{'.'.join(path)} {why}: {instead}."
    raise UserError(message)
