"""One line for what cannot be done: the key, the value, and what would do."""

import re
import shlex
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any, get_args, get_type_hints

from hydra.core.config_store import ConfigStore
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

from aeexp.config.compose import UnknownKeyError
from aeexp.config.options import OPTIONS, SEVERAL, conf_dirs
from aeexp.text import printable

EXPECTED: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list[int]: "whole numbers in square brackets, such as [32,16]",
}
PAIRS = ("(", ")"), ("[", "]"), ("{", "}")
NAMED = "dataset.", "split.column", "hydra."
"""What keys start with whose values may be names of columns and files, of any signs."""
EXTRAS = {
    "hydra/launcher/ray": "ray",
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
}
"""The options that another package brings along, and aeexp's extra that asks for it."""


def explain(error: Exception) -> str:
    """Return an error that the user's words caused as one line, without a traceback."""
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    match cause:
        case MissingConfigException():
            line = _no_option(cause.missing_cfg_file or "")
        case UnknownKeyError():
            line = _no_key(cause.key, cause.kind)
        case ConfigAttributeError() | ConfigKeyError():
            line = _no_key(str(cause.full_key), cause.object_type)
        case ValidationError():
            line = _no_value(str(cause.full_key), cause)
        case OverrideParseException():
            line = _no_word(str(cause.override))
        case MissingMandatoryValue():
            line = f"{cause.full_key} is missing: choose {_listed(_choices(str(cause.full_key)))}."
        case _ if ambiguous := re.search("Ambiguous value for argument '(.*?)'", str(error)):
            line = f"{ambiguous[1]}: sweep over several values with --multirun."
        case _:
            line = str(error)
    return printable(" ".join(line.split()))


def _no_word(word: str) -> str:
    key, _, value = word.partition("=")
    whole = all(value.count(left) == value.count(right) for left, right in PAIRS)
    if not (value and whole and key.startswith(NAMED)):
        return f"{word}: say key=value; several values in brackets: key=[a,b]."
    listed = value.startswith("[") and value.endswith("]")
    texts = [*filter(None, value[1:-1].split(","))] if listed else [value]
    quoted = ",".join(map(_quoted, texts))
    said = shlex.quote(f"{key}=[{quoted}]" if listed else f"{key}={quoted}")
    return f"{word}: names with other signs than letters and digits need quotes: {said}."


def _quoted(text: str) -> str:
    """Return a text as a value of Hydra's overrides, in double quotes where it needs some."""
    bare = text.strip(" \"'")
    escaped = bare.replace("\\", "\\\\").replace('"', '\\"')
    return bare if bare.isidentifier() else f'"{escaped}"'


def _no_option(path: str) -> str:
    group, _, option = path.rpartition("/")
    if extra := EXTRAS.get(path):
        return f'{group}={option} needs {extra.capitalize()}: pip install "aeexp[{extra}]".'
    return f"{group}={option}: there is no such option; choose {_listed(_choices(group))}."


def _no_key(key: str, kind: Any) -> str:
    parent, _, name = key.rpartition(".")
    if parent in SEVERAL:
        return f"{key} is not among the options chosen: add it with '{parent}=[…,{name}]'."
    known = [f.name for f in fields(kind)] if is_dataclass(kind) else []
    close = get_close_matches(name, known, 1)
    has = f"did you mean {close[0]}?" if close else f"choose {_listed(known)}." if known else ""
    return f"{key}: there is no such key; {has or f'{parent} has none.'}"


def _no_value(key: str, error: ValidationError) -> str:
    name, reason = key.rpartition(".")[2].partition("[")[0], str(error).split("\n")[0]
    hints = get_type_hints(error.object_type) if is_dataclass(error.object_type) else {}
    if name not in hints:
        return f"{key}: {reason}"
    value = re.search(r"[Vv]alue '(.*?)'", reason)
    said = f"{key}={value[1]}" if value else key
    return f"{said}: {key.partition('[')[0]} must be {_expected(hints[name])}."


def _expected(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _listed([member.name for member in kind])
    if kind in EXPECTED:
        return EXPECTED[kind]
    if is_dataclass(kind):
        return f"said key by key: {_listed([f.name for f in fields(kind)])}"
    return _listed([EXPECTED.get(part, "null") for part in get_args(kind)])


def _choices(group: str) -> list[str]:
    """Return the options of a group of conf/, or of Hydra's own, launchers say."""
    files = {path.stem for folder in conf_dirs() for path in (folder / group).glob("*.yaml")}
    own = sorted(files | OPTIONS.get(group, {}).keys())
    stored = [] if own else ConfigStore.instance().list(group)
    return own or [name.removesuffix(".yaml") for name in stored]


def _listed(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
