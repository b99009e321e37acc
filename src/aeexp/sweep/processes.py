"""Run the jobs of a sweep in a process each."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from subprocess import Popen

from aeexp.present.terminal.sweep import SweepTerminal
from aeexp.runs import Ledger, Run, Status, set_aside
from aeexp.runs.task import Outcome, Task
from aeexp.signals import ENDS_WITH_PARENT
from aeexp.sweep.workers import POLL_INTERVAL, record_failure

STOP_TIMEOUT = 20.0  # seconds that interrupted runs have to save their results


def command(task: Task) -> list[str]:
    """Return the command that runs a task alone."""
    return [sys.executable, "-m", "aeexp", *task.alone]


def run_tasks(
    tasks: Sequence[Task], ledger: Ledger, terminal: SweepTerminal, workers: int
) -> Iterator[Outcome]:
    """Run each task in its own process, `workers` at a time; yield the outcomes as they end.

    When a task starts, its command is printed.

    Raises:
        KeyboardInterrupt: The terminal requested a stop, and all processes have ended.
    """
    processes: dict[int, Popen[str]] = {}

    def run(task: Task) -> Outcome:
        try:
            terminal.print_line(f"$ {shlex.join(command(task))}")
            return _run(task, ledger, processes)
        except OSError as error:
            return record_failure(task, error)

    interrupted: set[int] = set()
    with ThreadPoolExecutor(workers) as threads:
        pending = {threads.submit(run, task) for task in tasks}
        while pending:
            if terminal.stop:
                pending = {future for future in pending if not future.cancel()}
                active = {n: p for n, p in dict(processes).items() if n not in interrupted}
                interrupted |= active.keys()
                _interrupt(list(active.values()))
            done, pending = wait(pending, POLL_INTERVAL, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    if terminal.stop:
        raise KeyboardInterrupt


def _run(task: Task, ledger: Ledger, processes: dict[int, Popen[str]]) -> Outcome:
    """Run a task in a process that ends when this one does.

    Its standard input is a pipe from this process, which the system closes when this one is
    killed; see `signals.end_with_parent`.
    """
    set_aside(task.folder)
    task.folder.parent.mkdir(parents=True, exist_ok=True)
    ledger.started({task.number: task.folder})
    read_end, write_end = os.pipe()
    try:
        process = Popen(  # noqa: S603  (the user's own overrides, without a shell)
            command(task),
            env=os.environ | {ENDS_WITH_PARENT: "1"},
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C must not reach it directly
        )
        processes[task.number] = process
        _, stderr = process.communicate()
    finally:
        os.close(read_end)
        os.close(write_end)
    del processes[task.number]
    run = Run(task.folder)
    if run.status is not Status.INCOMPLETE:
        return Outcome(task, run.status, run.record.get("error"))
    reason = f"exit code {process.returncode}"
    with suppress(ValueError):
        reason = signal.Signals(-process.returncode).name
    last_line = (stderr.strip().splitlines() or [""])[-1]
    return record_failure(task, last_line or f"its process ended with {reason}")


def _interrupt(processes: Sequence[Popen[str]]) -> None:
    """Interrupt runs, which then save their results; kill any that does not end in time."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    until = time.monotonic() + STOP_TIMEOUT
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
