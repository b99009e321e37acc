"""SIGTERM, by which a cluster takes its machine back: a Ctrl-C that has to be obeyed in time."""

import os
import signal
import time
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import Self

EXIT = 143
"""The exit code of what SIGTERM ended, as shells count: 128 + 15."""
PATIENCE = 8.0  # seconds after which what still goes on is interrupted once more
LAST = 1.5  # seconds after that to the end, whatever goes on


ENDS_WITH_PARENT = "AEEXP_ENDS_WITH_PARENT"
"""Set for a process that is to end when its standard input does: that of a pipe of its parent."""


def end_with_parent() -> None:
    """End this process as soon as its parent has gone, if that is asked for.

    A killed sweep must not leave runs behind, into whose directories it writes when resumed.
    """
    if os.environ.pop(ENDS_WITH_PARENT, ""):
        Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


class Termination:
    """While entered, SIGTERM does what Ctrl-C does, and after a while what a second one does.

    heard: whether it came.
    """

    def __init__(self) -> None:
        self.heard = False

    def __enter__(self) -> Self:
        self.before = signal.signal(signal.SIGTERM, self._terminate)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self.before)

    def _terminate(self, _signal: int, frame: FrameType | None) -> None:
        if not self.heard:
            Thread(target=_insist, daemon=True).start()
        self.heard = True
        _ctrl_c()(signal.SIGINT, frame)


def _ctrl_c() -> Callable[[int, FrameType | None], object]:
    """Return what Ctrl-C calls now; a shell that runs us in the background has it ignored."""
    hears = signal.getsignal(signal.SIGINT)
    return hears if callable(hears) else signal.default_int_handler


def _insist() -> None:
    """End the process in time, even from within what hears no signal, such as a compilation."""
    time.sleep(PATIENCE)
    signal.raise_signal(signal.SIGTERM)
    time.sleep(LAST)
    os._exit(EXIT)
