"""A verb: a function with a branch for each kind of spec, in whichever package the kind is."""

from collections.abc import Callable
from functools import singledispatch, update_wrapper
from importlib import import_module
from typing import Any, Generic, TypeVar

from aeexp.config.spec import Spec

Result = TypeVar("Result")
Branch = TypeVar("Branch", bound=Callable[..., Any])


class Verb(Generic[Result]):
    """A function that does what is registered for the class of its first argument, a spec.

    The class may name a module, its `implementation`, which is imported before that and registers
    the branch there: so a class can be declared without what does its work, Keras say.
    """

    def __init__(self, function: Callable[..., Result]) -> None:
        self._branches = singledispatch(function)
        update_wrapper(self, function)

    def __call__(self, spec: Spec, *arguments: Any, **named: Any) -> Result:
        for kind in type(spec).__mro__:
            if module := vars(kind).get("implementation"):
                import_module(module)
        return self._branches(spec, *arguments, **named)

    def register(self, branch: Branch) -> Branch:
        """Take a function as the branch for the class that its first argument has."""
        self._branches.register(branch)
        return branch


def verb(function: Callable[..., Result]) -> Verb[Result]:
    """Return a verb; `function` is done for classes that nothing is registered for."""
    return Verb(function)
