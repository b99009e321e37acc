"""Handle SIGTERM (a cluster reclaims the machine) and SIGHUP (a terminal is closed).

Both act as Ctrl-C, with a time limit: the handler of Ctrl-C is called immediately and again after
`PATIENCE` seconds, and the process exits `LAST` seconds later. The limit is needed because no
signal interrupts a compilation; files are whole at any moment.
"""

import os
import signal
import time
from threading import Thread
from types import FrameType
from typing import Self

EXIT = {getattr(signal, "SIGHUP", None): 129, signal.SIGTERM: 143}
"""Exit codes by signal, as in shells: 128 + the number of the signal."""
PATIENCE = 8.0  # seconds until the second interruption
LAST = 1.5  # seconds from there to the exit
ENDS_WITH_PARENT = "AEEXP_ENDS_WITH_PARENT"
"""Variable for child processes: exit when standard input, a pipe from the parent, is closed."""


def end_with_parent() -> None:
    """Exit this process as soon as its parent has ended, if `ENDS_WITH_PARENT` is set.

    Otherwise runs of a killed sweep would continue to write, also while the sweep is resumed.
    """

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    if os.environ.pop(ENDS_WITH_PARENT, ""):
        Thread(target=wait, daemon=True).start()


class Termination:
    """Context in which SIGTERM and SIGHUP act as Ctrl-C; see the module's docstring.

    An ignored SIGHUP, as under nohup, stays ignored. exit: exit code for the first signal; None
    before it.
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
        elif number != signal.SIGTERM:  # shell and kernel both send one for a closed terminal
            return
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):  # a shell starts background processes with SIGINT ignored
            handler = signal.default_int_handler
        handler(signal.SIGINT, frame)


def _insist(code: int) -> None:
    """End the process in time, even during a compilation."""
    time.sleep(PATIENCE)
    signal.raise_signal(signal.SIGTERM)
    time.sleep(LAST)
    os._exit(code)
