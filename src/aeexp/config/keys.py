"""The keys of all parameters, and which of them a user may have meant."""

from collections.abc import Container, Iterator, KeysView, Mapping
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from itertools import chain

from aeexp.config.options import OPTIONS, SEVERAL, SHARED, key_prefix
from aeexp.config.spec import Experiment, Spec

SIMILAR = 0.8  # least similarity of a misspelt name and the name of a parameter


@cache
def keys() -> Mapping[str, bool]:
    """Return the key of every parameter, and whether it takes a list."""
    default = Experiment()
    return dict(chain(_of_options(OPTIONS), _of(default, "", without=OPTIONS)))


@cache
def default_keys() -> KeysView[str]:
    """Return the keys of the default experiment."""
    default = Experiment()
    several = {g: {o: type(s) for o, s in getattr(default, g).items()} for g in SEVERAL}
    single = {g: {"": type(getattr(default, g))} for g in OPTIONS if g not in SEVERAL}
    return dict(chain(_of_options(several | single), _of(default, "", without=OPTIONS))).keys()


def _of_options(options: Mapping[str, Mapping[str, type[Spec]]]) -> Iterator[tuple[str, bool]]:
    """Yield the keys of options by group; of parameters that all share, one key."""
    for group, kinds in options.items():
        shared = SHARED.get(group, ())
        for option, kind in kinds.items():
            yield from _of(kind(), key_prefix(group, option), without=shared)
            yield from ((f"{group}.{name}", False) for name in shared)


def _of(spec: Spec, prefix: str, without: Container[str] = ()) -> Iterator[tuple[str, bool]]:
    for f in fields(spec):
        value = getattr(spec, f.name)
        if f.name in without:
            continue
        if isinstance(value, Spec):
            yield from _of(value, f"{prefix}{f.name}.")
        else:
            yield prefix + f.name, isinstance(value, list) or "list" in str(f.type)


def keys_like(name: str) -> list[str]:
    """Return the keys that end in a name, or in the name that it is most similar to.

    If the default experiment has any of them, only these are returned.
    """
    last = {key.rpartition(".")[2]: None for key in keys()}
    for ending in (name, *get_close_matches(name, last, 1, SIMILAR)):
        if meant := [key for key in keys() if f".{key}".endswith(f".{ending}")]:
            return [key for key in meant if key in default_keys()] or meant
    return []


def options_with(group: str, name: str) -> list[str]:
    """Return the options of a group that have a parameter of this name."""
    options = OPTIONS.get(group, {})
    return [option for option, kind in options.items() if name in {f.name for f in fields(kind)}]
