"""Standard output and error that drop what cannot be written, so that a run continues.

A log may be on a full disk, the reader of a pipe may have exited, a terminal may be closed.
None of these is a reason to lose a training.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast


class LossyStream:
    """A text stream that drops what it cannot write. Other attributes are the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # the encoding of a terminal may lack a character

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        with _errors_dropped():
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write the buffer, as far as possible."""
        with _errors_dropped():
            self.stream.flush()

    def settle(self) -> None:
        """Write the buffer or drop it, so that the interpreter does not fail on exit."""
        try:
            self.stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError), open(os.devnull, "wb") as null:  # noqa: PTH123
                os.dup2(null.fileno(), self.stream.fileno())
                self.stream.flush()


@contextmanager
def lossy_output() -> Iterator[None]:
    """Let standard output and error drop what they cannot write, also if they are closed."""
    # The next file opened would take the number of a closed standard file, and libraries that
    # write to standard error would write into that file.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003
    before = sys.stdout, sys.stderr
    streams = [lossy(stream) for stream in before]
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        for stream in streams:
            cast("LossyStream", stream).settle()
        sys.stdout, sys.stderr = before


def lossy(stream: TextIO | None) -> TextIO:
    """Return a stream that drops what it cannot write to `stream`; everything if that is None."""
    if isinstance(stream, LossyStream):
        return cast("TextIO", stream)
    unwritable = cast("TextIO", io.TextIOBase())
    return cast("TextIO", LossyStream(unwritable if stream is None else stream))


@contextmanager
def _errors_dropped() -> Iterator[None]:
    # RuntimeError: a signal handler writes while the code that it interrupted is writing
    with suppress(OSError, ValueError, RuntimeError):
        yield
