"""The jobs of a sweep as single runs, each a process of its own."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from subprocess import Popen

from aeexp.present.terminal.sweep import SweepTerminal
from aeexp.runs import Ledger, Run, Status, set_aside
from aeexp.runs.task import Outcome, Task
from aeexp.signals import ENDS_WITH_PARENT
from aeexp.sweep.workers import GLANCE, failed

PATIENCE = 20.0  # seconds that interrupted runs have to keep what they learnt


def command(task: Task) -> list[str]:
    """Return the command that runs a task alone."""
    return [sys.executable, "-m", "aeexp", *task.alone]


def run_tasks(
    tasks: Sequence[Task], ledger: Ledger, terminal: SweepTerminal, workers: int
) -> Iterator[Outcome]:
    """Run tasks each in its own process, so many at a time; yield them as they end.

    Each is told as a line for a shell when it begins.

    Raises:
        KeyboardInterrupt: The terminal said to stop, and so were the runs under way told to.
    """
    running: dict[int, Popen[str]] = {}

    def run(task: Task) -> Outcome:
        try:
            terminal.say(f"$ {shlex.join(command(task))}")
            return _run(task, ledger, running)
        except OSError as error:
            return failed(task, error)

    stopped: set[int] = set()
    with ThreadPoolExecutor(workers) as threads:
        pending = {threads.submit(run, task) for task in tasks}
        while pending:
            if terminal.stop:
                pending = {future for future in pending if not future.cancel()}
                heard = {n: process for n, process in dict(running).items() if n not in stopped}
                stopped |= heard.keys()
                _interrupt(list(heard.values()))
            done, pending = wait(pending, GLANCE, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    if terminal.stop:
        raise KeyboardInterrupt


def _run(task: Task, ledger: Ledger, running: dict[int, Popen[str]]) -> Outcome:
    set_aside(task.folder)
    task.folder.parent.mkdir(parents=True, exist_ok=True)
    ledger.started({task.number: task.folder})
    with _lifeline() as stdin:
        process = Popen(  # noqa: S603  (the user's words, but no shell)
            command(task),
            env=os.environ | {ENDS_WITH_PARENT: "1"},
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches it through us alone
        )
        running[task.number] = process
        _, told = process.communicate()
    del running[task.number]
    return _ended(task, process.returncode, told)


@contextmanager
def _lifeline() -> Iterator[int]:
    """Give the end of a pipe that is closed when this process ends, whatever ends it."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


def _ended(task: Task, code: int, told: str) -> Outcome:
    """Return what became of a task whose process ended with an exit code and last words."""
    run = Run(task.folder)
    if run.status is Status.INCOMPLETE:
        last = (told.strip().splitlines() or [""])[-1]
        return failed(task, last or f"its process ended with {_reason(code)}")
    return Outcome(task, run.status, run.record.get("error"))


def _reason(code: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"


def _interrupt(processes: Sequence[Popen[str]]) -> None:
    """Let single runs end their epoch and keep what they learnt; kill one that does not hear."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    until = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
