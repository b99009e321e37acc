"""The jobs of a sweep as single runs, each a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from subprocess import Popen

from aeexp.runs import Ledger, Run, Status, set_aside
from aeexp.sweep.task import Outcome, Task
from aeexp.sweep.workers import GLANCE, failed
from aeexp.watch import Watch

PATIENCE = 20.0  # seconds that interrupted runs have to keep what they learnt


def command(task: Task) -> list[str]:
    """Return the command that runs a task alone; shlex.join makes a shell's line of it."""
    return [sys.executable, "-m", "aeexp", *task.alone]


def run_apart(
    tasks: Sequence[Task], ledger: Ledger, watch: Watch, workers: int
) -> Iterator[Outcome]:
    """Run tasks each in its own process, so many at a time; yield them as they end.

    Raises:
        KeyboardInterrupt: The watch said to stop, and so were the runs under way told to.
    """
    running: dict[int, Popen[str]] = {}
    with ThreadPoolExecutor(workers) as threads:
        pending = {threads.submit(_run, task, ledger, running) for task in tasks}
        while pending and not watch.stop:
            done, pending = wait(pending, GLANCE, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
        pending = {future for future in pending if not future.cancel()}
        _interrupt(list(running.values()))
        yield from (future.result() for future in pending)
    if watch.stop:
        raise KeyboardInterrupt


def _run(task: Task, ledger: Ledger, running: dict[int, Popen[str]]) -> Outcome:
    set_aside(task.folder)
    task.folder.parent.mkdir(parents=True, exist_ok=True)
    ledger.started({task.number: task.folder})
    said = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    process = Popen(  # noqa: S603  (the user's words, but no shell)
        command(task),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=said,
        start_new_session=True,  # Ctrl-C reaches it through us alone
    )
    running[task.number] = process
    _, told = process.communicate()
    del running[task.number]
    return _ended(task, process.returncode, told, ledger)


def _ended(task: Task, code: int, told: str, ledger: Ledger) -> Outcome:
    """Return what became of a task whose process ended with an exit code and last words."""
    run = Run(task.folder)
    if run.status is None:
        last = (told.strip().splitlines() or [""])[-1]
        return failed(task, last or f"its process ended with {_reason(code)}", ledger)
    if run.status is Status.FAILED:
        ledger.failed(task.number, run.record["error"])
        return Outcome(task, Status.FAILED, run.record["error"], recorded=True)
    ledger.finished(task.number, run.status)
    return Outcome(task, run.status, recorded=True)


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
