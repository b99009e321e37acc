"""What a sweep tells on the terminal."""

import math
import signal
from collections import Counter
from types import FrameType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)
from rich.text import Text

from aeexp.present.terminal.run import losses, quiet_console
from aeexp.runs import Run, Status
from aeexp.runs.progress import Monitor, Progress
from aeexp.runs.task import Outcome
from aeexp.text import printable

LINES = 5  # told of a population's training where there is no bar


class SweepTerminal(Monitor):
    """Tells how far a sweep is, and turns a first Ctrl-C into a stop."""

    def __init__(self, jobs: int) -> None:
        self.jobs, self.console = jobs, quiet_console()
        self.statuses: Counter[Status] = Counter()
        self.bar = _progress(self.console)
        self.training = self.bar.add_task("training", total=None, visible=False)
        self.runs = self.bar.add_task("runs", total=jobs)
        self.interrupt = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        self.bar.start()
        signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        signal.signal(signal.SIGINT, self.interrupt)

    def on_epoch(self, progress: Progress) -> None:
        text = losses(progress)
        if self.console.is_terminal:
            self.bar.update(
                self.training,
                total=progress.total,
                completed=progress.done,
                description=text,
                visible=True,
            )
        elif progress.members > 1 and progress.done % max(1, progress.total // LINES) == 0:
            self.say(f"epoch {progress.done}/{progress.total}  {text}")

    def finished(self, outcome: Outcome) -> None:
        """Tell how a job ended."""
        self.statuses[outcome.status] += 1
        done = self.statuses.total()
        counts = ", ".join(f"{n} {s.value.lower()}" for s, n in self.statuses.items())
        self.bar.update(self.runs, completed=done, description=f"runs: {counts}")
        if outcome.error or not self.console.is_terminal:
            self.say(f"{done}/{self.jobs}  {_line(outcome)}")

    def say(self, line: str) -> None:
        """Tell a line, above the bars if there are any."""
        self.bar.console.print(Text(printable(line)), soft_wrap=True)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop = True
        signal.signal(signal.SIGINT, self.interrupt)  # before a second one may come
        self.say("Stopping; what is finished is kept. Ctrl-C again to stop at once.")


def _line(outcome: Outcome) -> str:
    """Say what became of a job, with its losses if it came to some."""
    metrics = Run(outcome.task.folder).metrics
    found = {name: metrics.get(name, math.nan) for name in ("loss", "val_loss")}
    told = "".join(f"  {name} {v:.4g}" for name, v in found.items() if not math.isnan(v))
    said = " ".join(outcome.task.varied) or f"#{outcome.task.number}"
    return f"{said}  {outcome.status.value.lower()}{told}" + (
        f": {outcome.error}" if outcome.error else ""
    )


def _progress(console: Console) -> Bar:
    return Bar(
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
