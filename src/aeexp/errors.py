"""Errors that the user can correct, as opposed to faults of the program."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

UNSET: Any = object()


class UserError(ValueError):
    """An invalid request of the user. Its text is one line, which is printed unchanged.

    field: the key, parameter or file with the error, or "". constraint: the violated
    condition, or a complete sentence if there is no field. value: the invalid value, if the text
    should show it. remedy: a sentence on how to correct it.
    """

    def __init__(
        self, constraint: str, *, field: str = "", value: Any = UNSET, remedy: str = ""
    ) -> None:
        self.constraint, self.field, self.value, self.remedy = constraint, field, value, remedy
        got = "" if value is UNSET else f", got {value}"
        sentence = f"{field} {constraint}".strip() + got
        end = "." if field and not sentence.endswith(".") else ""
        super().__init__(f"{sentence}{end} {remedy}".rstrip())

    @property
    def name(self) -> str:
        """Return the field without its class or group: `latent_dim` of `Deep.latent_dim`."""
        return self.field.rpartition(".")[2]

    def about(self, field: str) -> "UserError":
        """Return the same error with another name of the field."""
        return UserError(self.constraint, field=field, value=self.value, remedy=self.remedy)


def trace(error: BaseException) -> str:
    """Return the traceback of an error."""
    return "".join(traceback.format_exception(error))


NAMES: ContextVar[Callable[[str], str]] = ContextVar("NAMES", default=str)


def key(name: str) -> str:
    """Return how messages display a config key, or `key=value`; see `named_by`."""
    return NAMES.get()(name)


@contextmanager
def named_by(names: Callable[[str], str]) -> Iterator[None]:
    """Make messages display config keys by `names`, for example as an estimator's parameters."""
    token = NAMES.set(names)
    try:
        yield
    finally:
        NAMES.reset(token)
