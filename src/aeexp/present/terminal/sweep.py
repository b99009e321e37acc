"""The progress of a sweep on the terminal."""

import signal
from collections import Counter
from types import FrameType
from typing import Self

from rich.progress import TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from aeexp.present.terminal.pace import Pace
from aeexp.present.terminal.run import losses, named_losses, progress_bar, quiet_console
from aeexp.runs import Run, Status
from aeexp.runs.progress import Monitor, Progress
from aeexp.runs.task import Outcome
from aeexp.text import counted, printable


class SweepTerminal(Monitor):
    """Prints the progress of a sweep. The first Ctrl-C stops it after the current epoch."""

    def __init__(self, jobs: int) -> None:
        self.jobs, self.console = jobs, quiet_console()
        self.pace, self.statuses = Pace(), Counter[Status]()
        self.bar = progress_bar(self.console, TimeElapsedColumn(), TimeRemainingColumn())
        self.training = self.bar.add_task("training", total=None, visible=False)
        self.runs = self.bar.add_task("runs", total=jobs)
        self.interrupt = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        self.print_line(f"sweep of {counted(self.jobs, 'run')}")
        self.bar.start()
        signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        signal.signal(signal.SIGINT, self.interrupt)

    def on_epoch(self, progress: Progress) -> None:
        if self.console.is_terminal:
            self.bar.update(
                self.training,
                total=progress.total,
                completed=progress.done,
                description=losses(progress),
                visible=True,
            )
        elif (left := self.pace.time_left(progress.done, progress.total)) is not None:
            models = counted(progress.members, "model")
            self.print_line(
                f"training {models}: epoch {progress.done}/{progress.total}  at most {left:.0f} s"
                " left"
            )

    def finished(self, outcome: Outcome) -> None:
        """Print the status of a finished job, with its losses."""
        self.statuses[outcome.status] += 1
        done = self.statuses.total()
        counts = ", ".join(f"{n} {s.value.lower()}" for s, n in self.statuses.items())
        self.bar.update(self.runs, completed=done, description=f"runs: {counts}")
        if outcome.error or not self.console.is_terminal:
            name = " ".join(outcome.task.varied) or f"#{outcome.task.number}"
            results = named_losses(Run(outcome.task.folder).metrics)
            line = "  ".join([f"{done}/{self.jobs}", name, outcome.status.value.lower(), *results])
            self.print_line(f"{line}: {outcome.error}" if outcome.error else line)

    def print_line(self, line: str) -> None:
        """Print a line, above the bars if there are any."""
        self.bar.console.print(Text(printable(line)), soft_wrap=True)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop = True
        signal.signal(signal.SIGINT, self.interrupt)  # first, as a second Ctrl-C may follow
        self.print_line(
            "Stopping; finished runs are kept. Press Ctrl-C again to stop immediately."
        )
