"""What the user can mend, told apart from what is a fault of the program."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

UNSAID: Any = object()


class UserError(ValueError):
    """Something that the user asked for and cannot have. Its text is one line, told as it is.

    field: the key, parameter or file that it is about, empty where it is about none. constraint:
    what is wrong with it, or must be so; without a field, a whole sentence. value: what was given,
    if it is to be told. remedy: a sentence that says what would do.
    """

    def __init__(
        self, constraint: str, *, field: str = "", value: Any = UNSAID, remedy: str = ""
    ) -> None:
        self.constraint, self.field, self.value, self.remedy = constraint, field, value, remedy
        got = "" if value is UNSAID else f", got {value}"
        sentence = f"{field} {constraint}".strip() + got
        end = "." if field and not sentence.endswith(".") else ""
        super().__init__(f"{sentence}{end} {remedy}".rstrip())

    @property
    def name(self) -> str:
        """Return the last part of the field: that of a spec, of which errors name the class."""
        return self.field.rpartition(".")[2]

    def about(self, field: str) -> "UserError":
        """Return the same error of a field under another name."""
        return UserError(self.constraint, field=field, value=self.value, remedy=self.remedy)


def trace(error: BaseException) -> str:
    """Return the traceback of an error."""
    return "".join(traceback.format_exception(error))


NAMES: ContextVar[Callable[[str], str]] = ContextVar("NAMES", default=str)


def key(name: str) -> str:
    """Return a config key, or `key=value`, as messages are to name it; see `named_by`."""
    return NAMES.get()(name)


@contextmanager
def named_by(names: Callable[[str], str]) -> Iterator[None]:
    """Let messages name config keys in another way: as the parameters of an estimator, say."""
    token = NAMES.set(names)
    try:
        yield
    finally:
        NAMES.reset(token)
