"""SIGTERM and SIGHUP: a cluster takes its machine back, or a terminal is closed.

Either is a Ctrl-C that has to be obeyed in time.
"""

import os
import signal
import time
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import Self

EXIT = {getattr(signal, "SIGHUP", None): 129, signal.SIGTERM: 143}
"""Exit codes by what ended the process, as shells count: 128 and the signal's number."""
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
    """While entered, SIGTERM and SIGHUP do what Ctrl-C does, and later what a second one does.

    A SIGHUP that is ignored, as nohup has it, stays ignored. exit: the exit code that the first of
    them calls for, None until one came.
    """

    def __init__(self) -> None:
        self.exit: int | None = None
        self.before = {
            number: handler
            for number in EXIT
            if number is not None and (handler := signal.getsignal(number)) is not signal.SIG_IGN
        }

    def __enter__(self) -> Self:
        for number in self.before:
            signal.signal(number, self._terminate)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        if self.exit is None:
            self.exit = EXIT[signal.Signals(number)]
            Thread(target=_insist, args=(self.exit,), daemon=True).start()
        elif number != signal.SIGTERM:  # the shell and the kernel tell of one terminal each
            return
        _ctrl_c()(signal.SIGINT, frame)


def _ctrl_c() -> Callable[[int, FrameType | None], object]:
    """Return what Ctrl-C calls now; a shell that runs us in the background has it ignored."""
    hears = signal.getsignal(signal.SIGINT)
    return hears if callable(hears) else signal.default_int_handler


def _insist(code: int) -> None:
    """End the process in time, even from within what hears no signal, such as a compilation."""
    time.sleep(PATIENCE)
    signal.raise_signal(signal.SIGTERM)
    time.sleep(LAST)
    os._exit(code)
