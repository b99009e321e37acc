"""Functions of a spec with one implementation per class of specs, also in other packages."""

from collections.abc import Callable
from functools import singledispatch, update_wrapper
from importlib import import_module
from typing import Any, Generic, TypeVar

from aeexp.config.spec import Spec

Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., Any])


class Verb(Generic[Result]):
    """A `functools.singledispatch` function that imports implementations when it is called.

    It calls the function that is registered for the class of its first argument, a spec. The class
    can name the module that registers its functions in `implementation`. The module is imported
    at the first call, so that a package can declare a spec without importing Keras, for example.
    """

    def __init__(self, function: Callable[..., Result]) -> None:
        self._functions = singledispatch(function)
        update_wrapper(self, function)

    def __call__(self, spec: Spec, *arguments: Any, **named: Any) -> Result:
        for kind in type(spec).__mro__:
            if module := vars(kind).get("implementation"):
                import_module(module)
        return self._functions(spec, *arguments, **named)

    def register(self, function: Function) -> Function:
        """Register a function for the annotated class of its first argument."""
        self._functions.register(function)
        return function


def verb(function: Callable[..., Result]) -> Verb[Result]:
    """Return a `Verb`; `function` is the default for classes without an implementation."""
    return Verb(function)
