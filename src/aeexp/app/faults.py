"""Print an error that is not the user's in one line, and save its traceback."""

import sys
from contextlib import suppress
from textwrap import shorten

from aeexp.backend import cache_dir
from aeexp.config.explain import explain

FAILED = 1
MAX_MESSAGE = 400  # characters of an unexpected error


def print_fault(error: Exception) -> None:
    """Print in one line an error that is not the user's, and the path of its traceback."""
    line = explain(error)
    if not isinstance(error, OSError):
        line = f"{type(error).__name__}: {shorten(line, MAX_MESSAGE)}"
    with suppress(OSError):
        from aeexp.runs import write_traceback  # noqa: PLC0415  (imports NumPy)

        cache_dir().mkdir(parents=True, exist_ok=True)
        line += f" (see {write_traceback(cache_dir(), error)})"
    sys.stderr.write(f"{line}\n")
