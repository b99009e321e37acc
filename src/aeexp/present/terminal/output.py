"""Standard output and error that a run outlives: what cannot be written there is dropped.

A log may lie on a full disk, the reader of a pipe may have gone, a terminal may have been closed.
None of these is a reason to lose a training.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast


class LossyStream:
    """A text stream that drops what it cannot write. Whatever else is asked is the stream's."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # the encoding of a terminal may lack a character

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        with _survived():
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is left in memory, as far as that can be."""
        with _survived():
            self.stream.flush()

    def settle(self) -> None:
        """Write what is left, or drop it, so that the interpreter need not when it exits."""
        try:
            self.stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), self.stream.fileno())
                self.stream.flush()


@contextmanager
def lossy_output() -> Iterator[None]:
    """Let standard output and error drop what they cannot write, also where they are closed."""
    _open_standard_files()
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
    """Return a stream that drops what it cannot write to another, or anything if there is none."""
    if isinstance(stream, LossyStream):
        return cast("TextIO", stream)
    nowhere = cast("TextIO", io.TextIOBase())  # which can write nothing
    return cast("TextIO", LossyStream(nowhere if stream is None else stream))


def _open_standard_files() -> None:
    """Open what the caller has closed of 0, 1 and 2: the next file opened would take its number.

    Libraries that write to standard error would then write into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003


@contextmanager
def _survived() -> Iterator[None]:
    # RuntimeError: a signal's handler writes while the code that it interrupted does
    with suppress(OSError, ValueError, RuntimeError):
        yield
