"""Explain the user's errors in one line: the key, the value and the remedy."""

import re
import shlex
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from types import UnionType
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

from aeexp.config.choices import MOST
from aeexp.config.compose import UnknownKeyError
from aeexp.config.keys import keys_like, options_with
from aeexp.config.options import OPTIONS, SEVERAL, conf_dirs
from aeexp.text import printable

EXPECTED: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list[int]: "whole numbers in square brackets, such as [32,16]",
    list[float]: "numbers in square brackets, such as [0.5,1]",
}
EXTRAS = {
    "hydra/launcher/ray": "ray",
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
}
"""The extra of aeexp that installs an option of another package."""


def explain(error: Exception) -> str:
    """Return an error in the user's input as one line, without a traceback.

    Errors of Hydra and OmegaConf are rewritten: their texts name classes and Python types, but
    not the choices. They carry the key and the type of its spec, which has the choices.
    """
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    match cause:
        case MissingConfigException():
            line = _unknown_option(cause.missing_cfg_file or "")
        case UnknownKeyError():
            line = _unknown_key(cause.key, cause.kind)
        case ConfigAttributeError() | ConfigKeyError():
            line = _unknown_key(str(cause.full_key), cause.object_type)
        case ValidationError():
            line = _invalid_value(str(cause.full_key), cause)
        case OverrideParseException():
            line = _invalid_syntax(str(cause.override))
        case MissingMandatoryValue():
            line = f"{cause.full_key} is missing: choose {_listed(_choices(str(cause.full_key)))}."
        case _:
            line = str(error)
    return printable(" ".join(line.split()))


def _invalid_syntax(override: str) -> str:
    key, _, value = override.partition("=")
    balanced = all(value.count(left) == value.count(right) for left, right in ("()", "[]", "{}"))
    # names of columns and files may have any characters, and then need quotes
    takes_names = key.startswith(("dataset.", "split.column", "hydra."))
    if not (value and balanced and takes_names):
        return f"{override}: write key=value; several values in brackets: key=[a,b]."
    is_list = value.startswith("[") and value.endswith("]")
    texts = [*filter(None, value[1:-1].split(","))] if is_list else [value]
    quoted = ",".join(map(_quoted, texts))
    remedy = shlex.quote(f"{key}=[{quoted}]" if is_list else f"{key}={quoted}")
    return f"{override}: quote names with other characters than letters and digits: {remedy}."


def _quoted(text: str) -> str:
    """Return a text as a value of Hydra's override grammar, in double quotes if needed."""
    bare = text.strip(" \"'")
    escaped = bare.replace("\\", "\\\\").replace('"', '\\"')
    return bare if bare.isidentifier() else f'"{escaped}"'


def _unknown_option(path: str) -> str:
    group, _, option = path.rpartition("/")
    if extra := EXTRAS.get(path):
        return f'{group}={option} needs {extra.capitalize()}: pip install "aeexp[{extra}]".'
    return f"{group}={option}: there is no such option; choose {_listed(_choices(group))}."


def _unknown_key(key: str, kind: Any) -> str:
    parent, _, name = key.rpartition(".")
    if parent in SEVERAL:
        return f"{key} is not among the options chosen: add it with '{parent}=[…,{name}]'."
    names = [f.name for f in fields(kind)] if is_dataclass(kind) else []
    if options := options_with(parent, name):
        remedy = f"it is a key of {_listed([f'{parent}={option}' for option in options])}."
    elif close := get_close_matches(name, names, 1):
        remedy = f"did you mean {close[0]}?"
    elif meant := keys_like(name):
        remedy = f"did you mean {_listed(meant[:MOST])}?"
    else:
        remedy = f"choose {_listed(names)}." if names else f"{parent} has none."
    return f"{key}: there is no such key; {remedy}"


def _invalid_value(key: str, error: ValidationError) -> str:
    name, reason = key.rpartition(".")[2].partition("[")[0], str(error).split("\n")[0]
    hints = get_type_hints(error.object_type) if is_dataclass(error.object_type) else {}
    if name not in hints:
        return f"{key}: {reason}"
    value = re.search(r"[Vv]alue '(.*?)'", reason)
    override = f"{key}={value[1]}" if value else key
    return f"{override}: {key.partition('[')[0]} must be {_expected(hints[name])}."


def _expected(kind: Any) -> str:
    """Return the values that a type allows, to follow "must be"."""
    if is_dataclass(kind):
        return f"set key by key: {_listed([f.name for f in fields(kind)])}"
    names: list[str] = []
    for part in get_args(kind) if isinstance(kind, UnionType) else (kind,):
        is_enum = isinstance(part, type) and issubclass(part, Enum)
        names += [member.name for member in part] if is_enum else [EXPECTED.get(part, "null")]
    return _listed(names)


def _choices(group: str) -> list[str]:
    """Return the options of a group of aeexp, of packages, or of Hydra's, such as launchers."""
    files = {path.stem for folder in conf_dirs() for path in (folder / group).glob("*.yaml")}
    if options := files | OPTIONS.get(group, {}).keys():
        return sorted(options)
    return [name.removesuffix(".yaml") for name in ConfigStore.instance().list(group)]


def _listed(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
