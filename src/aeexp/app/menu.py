"""The menu: every group, option and parameter, as the specs declare them.

`python -m aeexp.app.menu` writes each option's part of it into the head of its file in conf/, and
docs/metrics.md.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import fields
from enum import Enum
from pathlib import Path
from textwrap import wrap
from typing import Any, get_type_hints

from aeexp.config.options import OPTIONS, OWN, SEVERAL, conf_dir, conf_dirs, schema_of
from aeexp.config.spec import Experiment, Spec, constraint

WIDTH = 99
COLUMN = 38  # where meanings start
HEAD = """\
aeexp reveals hidden structure in tables of numbers with autoencoders.

  python -m aeexp                                          Wine, 3 factors: figures and numbers
  python -m aeexp dataset=digits model=deep seed=1         choose options, set parameters
  python -m aeexp 'regulariser=[l1,dropout]'               several options of one group
  python -m aeexp --multirun model=shallow,deep seed=0,1   every combination, and a summary of all
  python -m aeexp resume outputs/multirun/…                finish what is missing of it
  python -m aeexp compare outputs/multirun/… …             the summary again, or of several sweeps
  python -m aeexp model=deep --cfg job                     what would run; --info: from which files

  python -m aeexp inspect data.csv                         what is in your table
  python -m aeexp dataset=table dataset.path=data.csv      learn from it
  python -m aeexp encode RUN new.csv -o latents.csv        new rows by the model of a run, whose
                                                           directory is RUN
  python -m aeexp decode RUN latents.csv                   factors back to your columns and units
  python -m aeexp reconstruct RUN new.csv                  rows as the model reconstructs them
  python -m aeexp verify RUN                               does it come to the same numbers again?

Each run leaves its figures, numbers and model in a directory of its own under outputs/.
Exit codes: 0 done, 1 failed, 2 refused, 3 diverged. AEEXP_DEBUG=1 prints tracebacks.

What --multirun runs with: hydra/launcher=population (default: all that can train together do),
process (each in its own), ray, joblib, submitit_slurm (docs/cluster.md); hydra/sweeper=grid
(default: every combination), aeexp_optuna (a search for the best sweep.objective).
"""


def menu() -> str:
    """Return what `python -m aeexp --help` prints."""
    default = Experiment()
    lines = [HEAD]
    for f in fields(Experiment):
        if f.name in OPTIONS:
            lines += [f"{f.name}=…  {f.metadata['meaning']}", *_group(f.name, default), ""]
    lines += ["experiment=…  A whole experiment, ready said."]
    ready = (path for folder in conf_dirs() for path in (folder / "experiment").glob("*.yaml"))
    for path in sorted(ready, key=lambda path: path.stem):
        lines += _entry(f"  {path.stem}", _heading(path))
    lines += ["", "Parameters of every experiment", *_parameters(default, "", without=OPTIONS)]
    return "\n".join(lines)


def comment(group: str, option: str) -> str:
    """Return the head of an option's file: what it is, and what can be said about it."""
    kind = OPTIONS[group][option]
    entries = _parameters(kind(), _prefix(group, option))
    return "".join(
        f"# {line}".rstrip() + "\n" for line in [*wrap(_doc(kind), WIDTH - 2), *entries]
    )


def _group(group: str, default: Experiment) -> Iterator[str]:
    """Yield an entry for each option of a group, then one for each parameter they share."""
    chosen = getattr(default, group)
    words = {type(spec) for spec in (chosen.values() if group in SEVERAL else [chosen])}
    options = {option: kind() for option, kind in OPTIONS[group].items()}
    first = next(iter(options.values()))
    shared = set.intersection(*({f.name for f in fields(spec)} for spec in options.values()))
    shared = set() if group in SEVERAL else shared
    if group in SEVERAL:
        yield from _entry("  none", f"None of them.{'' if words else ' (default)'}")
    for option, spec in options.items():
        marks = " (default)" if type(spec) in words else ""
        differing = [n for n in sorted(shared) if getattr(spec, n) != getattr(first, n)]
        marks += "".join(f" {name}={_word(getattr(spec, name))}" for name in differing)
        yield from _entry(f"  {option}", _doc(type(spec)) + marks)
        yield from _parameters(spec, f"    {_prefix(group, option)}", without=shared)
    if shared:
        yield "  each with"
        yield from _parameters(first, f"    {group}.", without=set(vars(first)) - shared)


def _prefix(group: str, option: str) -> str:
    return f"{group}.{option}." if group in SEVERAL else f"{group}."


def _parameters(spec: Spec, prefix: str, without: Collection[str] = ()) -> Iterator[str]:
    """Yield an entry for each parameter of a spec and of its parts."""
    hints = get_type_hints(type(spec))
    for f in fields(spec):
        value = getattr(spec, f.name)
        if f.name in without:
            continue
        if isinstance(value, Spec):
            yield from _parameters(value, f"{prefix}{f.name}.")
        else:
            limits = "; ".join(filter(None, (_choices(hints[f.name]), constraint(f))))
            meaning = f.metadata["meaning"] + (f" [{limits}]" if limits else "")
            yield from _entry(f"{prefix}{f.name}={_word(value)}", meaning)


def _entry(term: str, meaning: str) -> list[str]:
    lines = wrap(meaning, WIDTH - COLUMN)
    first = f"{term:<{COLUMN - 1}} {lines[0]}" if len(term) < COLUMN else term
    rest = lines[1:] if len(term) < COLUMN else lines
    return [first, *(" " * COLUMN + line for line in rest)]


def _doc(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _heading(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(line[2:] for line in lines if line.startswith("# ") and "@" not in line)


def _choices(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(member.name for member in kind)
    return ""


def _word(value: Any) -> str:
    if isinstance(value, Enum):
        return value.name
    return json.dumps(value, separators=(",", ":"))


def with_options(readme: str) -> str:
    """Return README.md with each option at least named at the end of its group's row."""
    lines = readme.splitlines(keepends=True)
    for number, line in enumerate(lines):
        group = line.removeprefix("| `").partition("`")[0]
        row = line.removesuffix(" |\n")
        missing = [name for name in OWN.get(group, ()) if not re.search(rf"\b{name}\b", row)]
        if line.startswith("| `") and missing:
            lines[number] = row + "".join(f", `{name}`" for name in missing) + " |\n"
    return "".join(lines)


def write_comments() -> None:
    """Bring docs/metrics.md, README's options and the head of every option's file up to date.

    What follows the head stays as it is; an option without a file gets one.
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
