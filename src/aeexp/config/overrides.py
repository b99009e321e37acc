"""Overrides as people type them, completed for Hydra.

`~` stands for the home directory, a path or the name of a column may have any characters, a table
needs no `dataset=table` beside its path, and `auto` stands for null.
"""

import re
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from aeexp.config.options import conf_dir
from aeexp.config.quoting import PLAIN, quoted
from aeexp.config.spec import Experiment, Spec

AUTO = re.compile(r"(?<![\w.'\"])auto(?![\w.'\"])")
AUTOMATIC = {
    name: {f.name for f in fields(part) if f.metadata.get("automatic")}
    for name, part in vars(Experiment()).items()
    if isinstance(part, Spec)
}
"""Names of the parameters of each part of an experiment that `auto` can stand for."""
PATHS = ("dataset.path", "dataset.metadata", "hydra.run.dir", "hydra.sweep.dir")
TEXTS = ("dataset.", "split.column", *PATHS)
"""Starts of the keys whose values are names of files and columns."""
HOME = re.compile(r"""(?P<mark>['"]?)(?P<path>~(/.*)?)(?P=mark)""")


def completed(arguments: Namespace) -> list[str]:
    """Return the overrides of a command line as Hydra parses them. See the module's docstring."""
    overrides = [
        with_null(with_quotes(override, sweeps=arguments.multirun))
        for override in arguments.overrides
    ]
    own = not (arguments.config_name or arguments.config_dir)
    return [*_with_table(overrides)] if own else overrides


def with_null(override: str) -> str:
    """Return an override with null for `auto`, if its key can be automatic: `lr=auto,0.1`."""
    key, equals, value = override.partition("=")
    group, _, name = key.strip().lstrip("+").rpartition(".")
    if name not in AUTOMATIC.get(group, ()):
        return override
    return f"{key}{equals}{re.sub(AUTO, 'null', value)}"


def _with_table(overrides: Sequence[str]) -> Iterator[str]:
    """Yield the overrides, and `dataset=table` before a path, unless a dataset is chosen."""
    own = {path.stem for path in (conf_dir() / "experiment").glob("*.yaml")}
    chosen = {key.lstrip("+~"): value for key, _, value in (o.partition("=") for o in overrides)}
    experiments = filter(None, chosen.get("experiment", "").split(","))
    is_chosen = "dataset" in chosen or not own.issuperset(experiments)
    for override in overrides:
        if not is_chosen and override.startswith("dataset.path="):
            is_chosen = True
            yield "dataset=table"
        yield override


def with_quotes(override: str, *, sweeps: bool = False) -> str:
    """Return an override with quotation marks around a text that Hydra cannot parse without.

    sweeps: whether commas separate the values of a sweep.
    """
    key, _, value = override.partition("=")
    if not key.startswith(TEXTS) or "${" in value:
        return override
    values = value.split(",") if sweeps and key in PATHS else [value]
    return f"{key}={','.join(_value(key, text) for text in values)}" if value else override


def _value(key: str, text: str) -> str:
    if key in PATHS:
        if home := HOME.fullmatch(text):
            return quoted(str(Path(home["path"]).expanduser()))
        if Path(text).is_file():
            return quoted(text)
    # a list or quotation marks are the user's own use of the grammar, commas are ambiguous
    if PLAIN.fullmatch(text) or text[:1] in ("", "[", "{", "'", '"') or "," in text:
        return text
    try:
        OverridesParser.create().parse_override(f"{key}={text}")
    except HydraException:
        return quoted(text)
    return text
