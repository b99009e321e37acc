"""redefined: what varied in a sweep -> the metrics that do not measure the same in all runs."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from fnmatch import fnmatchcase

from aeexp.config.options import OPTIONS, SEVERAL
from aeexp.config.spec import LOSS_METRICS, Experiment, Spec


def redefined(key: str, values: Collection[str] = ()) -> frozenset[str]:
    """Return patterns of the metrics that an override redefines, as the specs declare it.

    key: "model", "model.hidden" or "regulariser.l1.strength". values: the options that it chooses
    where it is a group, "deep" or "[l1,dropout]". What is not known, as its package is not
    installed, may be a part of the losses.
    """
    group, _, within = key.partition(".")
    options = OPTIONS.get(group)
    if options is None:
        return frozenset(_of_field(Experiment(), key.split(".")))
    if not within:
        names = {name for value in values for name in re.findall(r"\w+", value)} - {"none"}
        unknown = LOSS_METRICS if names - {*options} else ()
        known = (_of_choice(options[name]()) for name in names & {*options})
        return frozenset(unknown).union(*known)
    option, _, name = within.partition(".")
    if group not in SEVERAL:
        chosen, name = [*options.values()], within
    else:
        chosen = [options[option]] if option in options else [*options.values()]
    first = name.partition(".")[0]
    if name and not any(f.name == first for kind in chosen for f in fields(kind)):
        return frozenset(LOSS_METRICS)
    return frozenset(each for kind in chosen for each in _of_field(kind(), name.split(".")))


def is_redefined(metric: str, by: Collection[str]) -> bool:
    """Return whether one of several patterns is that of a metric, or of its mean over repeats."""
    return any(fnmatchcase(metric.removesuffix(".mean"), pattern) for pattern in by)


def _of_choice(spec: Spec) -> Iterator[str]:
    """Yield what the choice of an option redefines: all that any of its fields does."""
    yield from spec.redefines
    for f in fields(spec):
        yield from f.metadata.get("redefines", ())


def _of_field(spec: Spec, path: Sequence[str]) -> Iterator[str]:
    """Yield what a field of a spec, or of its parts, redefines; nothing if there is none."""
    name, *rest = path
    f = next((f for f in fields(spec) if f.name == name), None)
    if f is None:
        return
    yield from spec.redefines
    yield from f.metadata.get("redefines", ())
    if rest and isinstance(part := getattr(spec, name), Spec):
        yield from _of_field(part, rest)
