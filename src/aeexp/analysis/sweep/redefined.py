"""The metrics that an override redefines, so that they cannot be compared between runs."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from fnmatch import fnmatchcase

from aeexp.config.options import BASES, OPTIONS, SEVERAL, SHARED
from aeexp.config.spec import LOSS_METRICS, Experiment, Spec


def redefined(key: str, values: Collection[str] = ()) -> frozenset[str]:
    """Return patterns of the metrics that an override redefines, as the specs declare them.

    key: "model", "model.hidden" or "regulariser.l1.strength". values: options of a group, such as
    "deep" or "[l1,dropout]". Options of packages that are not installed may redefine the losses.
    """
    group, _, within = key.partition(".")
    options = OPTIONS.get(group)
    if options is None:
        return frozenset(_of_field(Experiment(), key.split(".")))
    if not within:
        names = {name for value in values for name in re.findall(r"\w+", value)} - {"none"}
        unknown = LOSS_METRICS if names - {*options} else ()
        shared = set() if group in SEVERAL else {f.name for f in fields(BASES[group])}
        chosen = (_of_choice(options[name](), shared) for name in names & {*options})
        return frozenset(unknown).union(*chosen)
    option, _, name = within.partition(".")
    if group not in SEVERAL or within in SHARED[group]:
        kinds, name = [*options.values()], within
    else:
        kinds = [options[option]] if option in options else [*options.values()]
    first = name.partition(".")[0]
    if name and not any(f.name == first for kind in kinds for f in fields(kind)):
        return frozenset(LOSS_METRICS)
    return frozenset(pattern for kind in kinds for pattern in _of_field(kind(), name.split(".")))


def is_redefined(metric: str, patterns: Collection[str]) -> bool:
    """Return whether a pattern matches a metric, or, for a mean over repeats, that metric."""
    return any(fnmatchcase(metric.removesuffix(".mean"), pattern) for pattern in patterns)


def _of_choice(spec: Spec, shared: Collection[str]) -> Iterator[str]:
    """Yield what the choice of an option redefines: the union over its fields.

    shared: fields that all options have, which the choice does not change.
    """
    yield from spec.redefines
    for f in fields(spec):
        if f.name not in shared:
            yield from f.metadata.get("redefines", ())


def _of_field(spec: Spec, path: Sequence[str]) -> Iterator[str]:
    """Yield what a field of a spec or of a nested spec redefines."""
    name, *rest = path
    f = next((f for f in fields(spec) if f.name == name), None)
    if f is None:
        return
    yield from spec.redefines
    yield from f.metadata.get("redefines", ())
    if rest and isinstance(part := getattr(spec, name), Spec):
        yield from _of_field(part, rest)
