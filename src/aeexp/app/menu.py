"""What --help prints of each group: its options and parameters, generated from the specs.

`python -m aeexp.app.menu` writes the entry of each option into the head of its file in conf/. It
also updates docs/metrics.md and the options in README.md.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import fields
from enum import Enum, EnumType
from textwrap import wrap
from typing import Any, get_args, get_type_hints

from aeexp.config.options import (
    OPTIONS,
    OWN,
    SEVERAL,
    SHARED,
    conf_dir,
    conf_dirs,
    key_prefix,
    schema_of,
)
from aeexp.config.spec import Experiment, Spec, constraint

WIDTH = 99
COLUMN = 38  # of the descriptions
SWEEPS = """\
Options of --multirun: hydra/launcher=population (default: jobs train together where possible),
process (one process per job), ray, joblib, submitit_slurm (docs/cluster.md); hydra/sweeper=grid
(default: every combination), aeexp_optuna (search for the best sweep.objective).
"""


def groups() -> list[str]:
    """Return the names that `page` takes: of groups of options, and of other keys."""
    return [*(f.name for f in fields(Experiment)), "experiment"]


def page(group: str) -> str:
    """Return what --help prints about a group of options, or about the keys of a part."""
    default = Experiment()
    if group == "experiment":
        lines = ["experiment=…  Predefined experiments.", *_experiments()]
    elif group in OPTIONS:
        meaning = next(f.metadata["meaning"] for f in fields(Experiment) if f.name == group)
        lines = [f"{group}=…  {meaning}", *_group(group, default)]
    else:
        others = {f.name for f in fields(Experiment)} - {group}
        lines = [*_parameters(default, "", without=others)]
    return "\n".join([*lines, ""])


def _experiments() -> Iterator[str]:
    files = (path for folder in conf_dirs() for path in (folder / "experiment").glob("*.yaml"))
    for path in sorted(files, key=lambda path: path.stem):
        comments = [line[2:] for line in path.read_text("utf-8").splitlines() if line[:2] == "# "]
        meaning = " ".join(line for line in comments if "@" not in line)  # "# @package _global_"
        yield from _entry(f"  {path.stem}", meaning)


def comment(group: str, option: str) -> str:
    """Return the comment at the head of an option's file: its description and parameters."""
    kind = OPTIONS[group][option]
    lines = [*wrap(_doc(kind), WIDTH - 2), *_parameters(kind(), key_prefix(group, option))]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _group(group: str, default: Experiment) -> Iterator[str]:
    """Yield the lines of a group: its options, then the parameters that all of them share."""
    chosen = getattr(default, group)
    defaults = {type(spec) for spec in (chosen.values() if group in SEVERAL else [chosen])}
    options = {option: kind() for option, kind in OPTIONS[group].items()}
    first = next(iter(options.values()))
    shared = set.intersection(*({f.name for f in fields(spec)} for spec in options.values()))
    shared = set(SHARED[group]) if group in SEVERAL else shared
    if group in SEVERAL:
        yield from _entry("  none", f"No {group}.{'' if defaults else ' (default)'}")
    for option, spec in options.items():
        marks = " (default)" if type(spec) in defaults else ""
        differing = [n for n in sorted(shared) if getattr(spec, n) != getattr(first, n)]
        marks += "".join(f" {name}={_literal(getattr(spec, name))}" for name in differing)
        yield from _entry(f"  {option}", _doc(type(spec)) + marks)
        yield from _parameters(spec, f"    {key_prefix(group, option)}", without=shared)
    if shared:
        yield "  parameters of all"
        yield from _parameters(first, f"    {group}.", without=set(vars(first)) - shared)


def _parameters(spec: Spec, prefix: str, without: Collection[str] = ()) -> Iterator[str]:
    """Yield the lines of all parameters of a spec and of its parts, except `without`."""
    hints = get_type_hints(type(spec))
    for f in fields(spec):
        value = getattr(spec, f.name)
        if f.name in without:
            continue
        if isinstance(value, Spec):
            yield from _parameters(value, f"{prefix}{f.name}.")
        else:
            kinds: tuple[Any, ...] = get_args(hints[f.name]) or (hints[f.name],)
            enums = (kind for kind in kinds if isinstance(kind, EnumType))
            choices = ", ".join(name for kind in enums for name in kind.__members__)
            limits = "; ".join(filter(None, (choices, constraint(f))))
            meaning = f.metadata["meaning"] + (f" [{limits}]" if limits else "")
            yield from _entry(f"{prefix}{f.name}={_literal(value)}", meaning)


def _entry(term: str, meaning: str) -> list[str]:
    """Return the lines of a term and its meaning, which is wrapped in a column."""
    lines = wrap(meaning, WIDTH - COLUMN)
    first = f"{term:<{COLUMN - 1}} {lines[0]}" if len(term) < COLUMN else term
    rest = lines[1:] if len(term) < COLUMN else lines
    return [first, *(" " * COLUMN + line for line in rest)]


def _doc(kind: type) -> str:
    """Return the first paragraph of a class's docstring."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _literal(value: Any) -> str:
    """Return a value as Hydra's override grammar writes it."""
    return value.name if isinstance(value, Enum) else json.dumps(value, separators=(",", ":"))


def with_options(readme: str) -> str:
    """Return README.md with missing options appended to the row of their group."""
    lines = readme.splitlines(keepends=True)
    for number, line in enumerate(lines):
        group = line.removeprefix("| `").partition("`")[0]
        row = line.removesuffix(" |\n")
        missing = [name for name in OWN.get(group, ()) if not re.search(rf"\b{name}\b", row)]
        if line.startswith("| `") and missing:
            lines[number] = row + "".join(f", `{name}`" for name in missing) + " |\n"
    return "".join(lines)


def write_comments() -> None:
    """Update docs/metrics.md, README's options and the head of every option's file.

    The rest of an option's file is unchanged. An option without a file gets one.
    """
    from aeexp.app.metrics_page import metrics_page  # noqa: PLC0415  (imports scikit-learn)

    root = conf_dir().parent
    (root / "docs" / "metrics.md").write_text(metrics_page(), encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    (root / "README.md").write_text(with_options(readme), encoding="utf-8")
    for group, options in OWN.items():
        for option in options:
            path = conf_dir() / group / f"{option}.yaml"
            body = [f"defaults: [{schema_of(group, option)}]"]
            if path.exists():
                lines = path.read_text().splitlines()
                body = [line for line in lines if not line.startswith("#")]
            path.write_text(comment(group, option) + "\n".join(body) + "\n")


if __name__ == "__main__":
    write_comments()
